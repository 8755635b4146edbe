#!/bin/sh
# Starts the service once while its image is built, waits until it has a model, and stops it. DJL unpacks its native
# libraries meanwhile, and Java archives the loaded classes, which makes later starts faster.
set -eu
java -XX:ArchiveClassesAtExit=/app/service.jsa -Xlog:cds=off -Xlog:cds+dynamic=off \
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
test -s /app/service.jsa
mkdir /app/cuda
for runtime in /app/djl/pytorch/*/libcudart*; do
  [ -e "$runtime" ] && ln -sf "$runtime" /app/cuda/libcudart.so
done
chmod -R a+rX /app # the unpacked files are readable by root only
rm /tmp/log
