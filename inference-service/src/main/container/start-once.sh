#!/bin/sh
# Starts the service once while its image is built, waits until it has a model, and stops it. DJL unpacks its native
# libraries meanwhile, and Java archives the loaded classes, which makes later starts faster. Writes /app/java.options.
set -eu
options=/app/java.options
cp /app/libtorch/java.options $options 2>/dev/null || : >$options
version=$(java -XshowSettings:properties -version 2>&1 | sed -n 's/.*java.specification.version = //p')
if [ "$version" -ge 25 ]; then
  archive=/app/service.aot record=-XX:AOTCacheOutput use=-XX:AOTCache
else
  archive=/app/service.jsa record=-XX:ArchiveClassesAtExit use=-XX:SharedArchiveFile
fi
: >/tmp/log
java @$options "$record=$archive" -Xlog:disable -Xlog:all=error:stderr \
  -Dfolio.checkpoints=/nowhere -Dquarkus.http.host=127.0.0.1 -jar /app/quarkus-run.jar >/tmp/log 2>&1 &
service=$!
tries=0
until grep -q 'Model activated' /tmp/log; do
  tries=$((tries + 1))
  if [ $tries -gt 300 ] || ! kill -0 $service 2>/dev/null; then
    echo "the service did not start:" >&2
    cat /tmp/log >&2
    exit 1
  fi
  sleep 1
done
kill $service
wait $service || [ $? = 143 ] # Java's exit code for SIGTERM
test -s $archive
echo "$use=$archive" >>$options
find /app -path /app/libtorch -prune -o -exec chmod a+rX {} + # the unpacked files are readable by root only
rm /tmp/log
