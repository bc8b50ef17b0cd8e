#!/bin/sh
# The table on a real terminal: it fits the width, and what attackers wrote
# into the log cannot steer the terminal.

. "$(dirname "$0")/lib.sh"
need tmux python3

export TERM=screen
cat >hostile.py <<'END'
import json
texts = ["\x1b]0;owned\x07title", "\x1b[2Jclear", "\x9b31mred", "a\rb", "two\nlines", "\u202egnp.exe",
         "\x08\x08back", "\x7f", "\u2066iso", "wide \u738b\u6885 " * 20, "e\u0301" * 90, "x" * 400]
for number, text in enumerate(texts):
    print(json.dumps({"id": "e%d" % number, "time": "2026-05-01T00:00:%02dZ" % number, "action": text,
                      "actor_id": text, "target_path": text, "outcome": "failure", "ip": text}))
END
python3 hostile.py >hostile.jsonl
run auditd-ingest hostile.jsonl "$top/examples/sample.jsonl"
ends "hostile and ordinary events are stored" 0

cat >widths.py <<'END'
"""widths WIDTH FILE: no line is wider, no character steers."""
import sys, unicodedata
limit = int(sys.argv[1])
def width(c):
    if unicodedata.combining(c):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1
lines = open(sys.argv[2], encoding="utf-8").read().split("\n")
wide = [line for line in lines if sum(map(width, line)) > limit]
steering = [line for line in lines for c in line if unicodedata.category(c) in ("Cc", "Cf")]
for line in (wide + steering)[:3]:
    print(ascii(line))
sys.exit(bool(wide or steering))
END

screens=0
terminal() { # WIDTH COMMAND: what it left on a screen of that width, in ./screen
	rm -f ended
	screens=$((screens + 1))
	socket=$work/tmux$screens
	tmux -S "$socket" -f /dev/null new-session -d -x "$1" -y 60 \
	    "LC_ALL=C.UTF-8 $2 2>err; echo \$? >ended; sleep 60" 2>err || return 1
	tries=0
	while [ ! -s ended ] && [ $tries -lt 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	sleep 0.2
	# -J joins what the terminal had to wrap
	tmux -S "$socket" capture-pane -p -J -S -500 >screen.raw
	sed 's/ *$//' screen.raw >screen
	title=$(tmux -S "$socket" display-message -p '#{pane_title}')
	tmux -S "$socket" kill-server
	status=$(cat ended)
}

# One server for each screen, so that none is met while it ends.
trap 'tmux -S "$socket" kill-server 2>/dev/null; clean_up' EXIT
terminal 80 "true" || skip_all "tmux has no terminal to give"

for columns in 80 120 200; do
	terminal $columns "audit-query -n 30"
	cp screen out
	ends "$columns columns: a table" 0
	check "$columns columns: no line is wider" python3 widths.py $columns screen
	check "$columns columns: there are rows" test "$(grep -c . screen)" -ge 30
	terminal $columns "audit-query --id 'e*'"
	cp screen out
	check "$columns columns: hostile events do not make it wider" python3 widths.py $columns screen
	is "$columns columns: a line for each, and the header" "$(grep -c failure screen)" 12
	check "$columns columns: nor set the title" test "$title" != owned
	terminal $columns "audit-summary --no-pager"
	cp screen out
	ends "$columns columns: a summary" 0
	check "$columns columns: no line of it is wider" python3 widths.py $columns screen
done

# Formats for machines, shown to a person.
for format in csv jsonl json; do
	terminal 200 "audit-query -o $format --id 'e*' --fields action"
	cp screen out
	ends "$format on a terminal" 0
	check "$format: no byte of it steers" python3 widths.py 99999 screen
	check "$format: nor sets the title" test "$title" != owned
	check "$format: what would is shown" grep -q -F '[2Jclear' screen
done
is "through a pipe nothing is changed" "$(audit-query -o csv --id e1 --fields action | sed -n 2p | tr -d '\r')" \
    "$(printf '\033[2Jclear')"

# Messages quote what they were given.
run audit-query "$(printf 'act\033[31mion=x')"
check "an error message is neutralised" sh -c '! grep -q "$(printf "\033")" err'
ends "it is an error" 2

finish
