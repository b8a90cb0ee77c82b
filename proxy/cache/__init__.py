"""The cache: bytes by digest and pages by project. Disposable: delete its directories at any time.

* :mod:`proxy.cache.blobs`: verified files by their SHA-256.
* :mod:`proxy.cache.fetch`: one fetch a digest, however many follow it while it grows.
* :mod:`proxy.cache.pages`: the upstream's pages with what they can be revalidated by.

Nothing here knows what is allowed, or where bytes come from: a fetch is handed a stream to read.
"""
