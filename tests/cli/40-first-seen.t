#!/bin/sh
# audit-query -F --first-seen: values that the same question did not have before.

. "$(dirname "$0")/lib.sh"

auditd-ingest -q <<'END'
{"id":"1","time":"2026-04-01T00:00:00Z","action":"login","actor_id":"bob","outcome":"success"}
{"id":"2","time":"2026-04-02T00:00:00Z","action":"read","actor_id":"alice","outcome":"failure"}
{"id":"3","time":"2026-04-03T00:00:00Z","action":"read","actor_id":"bob","outcome":"failure"}
{"id":"4","time":"2026-04-04T00:00:00Z","action":"read","actor_id":"carol","outcome":"failure"}
{"id":"5","time":"2026-04-04T00:00:00Z","action":"read","actor_id":"alice","outcome":"failure"}
END
audit-query -q --outcome failure --save failures
audit-query -q --last 7d --save recent

fresh() { # FILTER...
	audit-query -F actor_id --first-seen -o csv "$@" | tr -d '\r' | tr '\n' ' '
}
is "who is new among readers and users" "$(fresh --since 2026-04-03 --action 'read,login')" "value,count carol,1 "
is "who is new among failures" "$(fresh --since 2026-04-03 --outcome failure)" "value,count bob,1 carol,1 "
is "the same by a saved query" "$(fresh --since 2026-04-03 -Q failures)" "value,count bob,1 carol,1 "

run audit-query -F actor_id --first-seen
refuses "without a beginning" 2 "since when"
run audit-query -F actor_id --first-seen --where 'time >= 2026-04-03'
refuses "with one that holds for the time before, too" 2 "since when"
run audit-query -F actor_id --first-seen --since 2026-04-03 -Q recent
refuses "or one of a saved query" 2 "since when"
run audit-query --first-seen --since 2026-04-03
refuses "without -F" 2 "belongs to -F"
# What was pruned cannot be known.
run audit-query -F actor_id --last 20d --first-seen
quiet "nothing pruned, nothing said"
echo '{"id":"ancient","time":"2001-01-01T00:00:00Z","action":"read","actor_id":"ancient"}' | auditd-ingest -q
audit-prune -q --older-than 7300d --apply
run audit-query -F actor_id --last 20d --first-seen
check "it is said when something before was pruned" grep -q "part of the time before was pruned" err
finish
