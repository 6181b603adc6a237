#!/bin/sh
# A command of Latchkey with the user and the settings of its service: save as /usr/local/sbin/latchkey, mode 0755.
#
#   latchkey user list
#
# systemd reads /etc/latchkey.env for a command exactly as for the service. So the settings are the same, and the
# secrets stand in no argument. A relative path is below /var/lib/latchkey.
set -eu

# systemd replaces $NAME in arguments, so each `$` is doubled.
for word; do
  set -- "$@" "$(printf '%s' "$word" | sed 's/\$/$$/g')"
  shift
done

exec systemd-run --quiet --collect --wait --pty --pipe --service-type=exec \
  --uid=latchkey --working-directory=/var/lib/latchkey \
  --property=EnvironmentFile=/etc/latchkey.env --property=UMask=0077 --property=NoNewPrivileges=yes \
  /opt/latchkey/node_modules/.bin/node --max-semi-space-size=2 \
  /opt/latchkey/node_modules/latchkey/bin/latchkey.js "$@"
