"""The admin API's JSON: what it is given (:mod:`.given`) and what it tells (:mod:`.told`)."""
