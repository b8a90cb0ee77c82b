#!/bin/sh
# Makes what the Dockerfile makes, without an engine: a root of its own, its steps in it, then the gate in it as nobody
# with everything read-only but /data and /keys. Arguments: an empty directory, the context, a Python's prefix; ENVIRONMENT
# and HEALTH are what the recipe says of them.
# The steps come on standard input, a line each. Run it by `unshare --mount --pid --fork --kill-child`.
set -eu
root=$1 context=$2 python=$3
mount -t tmpfs none "$root"
for place in bin etc lib lib64 sbin usr dev; do
    if [ -L "/$place" ]; then cp -P "/$place" "$root/$place"; continue; fi
    [ -d "/$place" ] || continue
    mkdir "$root/$place"
    mount --rbind "/$place" "$root/$place"
done
mkdir -p "$root/proc" "$root/opt/python" "$root/src" "$root/tmp"
chmod 1777 "$root/tmp"
mount -t proc proc "$root/proc"
mount --rbind "$python" "$root/opt/python"
cp -R "$context/." "$root/src"
while IFS= read -r step; do
    echo "+ $step"
    PATH=/opt/python/bin:/usr/sbin:/usr/bin:/bin HOME=/tmp LD_LIBRARY_PATH=/opt/python/lib chroot "$root" /bin/sh -euc "cd /src; $step" </dev/null
done
rm -rf "$root/src" "$root/tmp/.cache"
for place in data keys tmp; do mount --bind "$root/$place" "$root/$place"; done
mount -o remount,bind,ro "$root"
echo "+ as nobody"
nobody="chroot --userspec=65534:65534 --groups= $root /usr/bin/env -i LD_LIBRARY_PATH=/opt/python/lib $ENVIRONMENT"
$nobody /bin/sh -c 'for at in /x /opt/x /opt/wicketgate/x; do if touch $at 2>/dev/null; then echo "$at can be written"; exit 1; fi; done'
if $nobody python -c 'import pip' 2>/dev/null; then echo "pip is there"; exit 1; fi
$nobody wicketgate serve &
gate=$!
tries=0
until $nobody /bin/sh -c "$HEALTH" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 150 ] || { echo "it does not get ready"; exit 1; }
    kill -0 $gate || exit 1
    sleep 0.2
done
$nobody /bin/sh -c 'ls -ld /data /keys /data/*; id -u'
$nobody wicketgate terms >/dev/null
kill -TERM $gate
wait $gate
echo "ended well"
