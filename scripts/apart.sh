#!/bin/sh
# `apart.sh ARGUMENT...` runs $TEST_NODE with a file of tests in a network of its own, so that several can run side by
# side although they share addresses and ports. An ordinary user gets it by way of a user namespace, and none of the
# privileges that come with it. Without arguments the exit code says whether the system lets us. Tests of the package
# stay in the network outside: npm may need it.
case $* in
  '') set -- true ;;
  */test/package/*) exec "$TEST_NODE" "$@" ;;
  *) set -- "$TEST_NODE" "$@" ;;
esac
if [ "$(id -u)" = 0 ]; then
  exec unshare --net sh -c 'ip link set lo up && exec "$@"' apart "$@"
fi
exec unshare --map-current-user --net --keep-caps sh -c \
  'ip link set lo up && exec setpriv --ambient-caps=-all --inh-caps=-all "$@"' apart "$@"
