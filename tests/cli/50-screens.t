#!/bin/sh
# What a person sees: each terminal format on a narrow screen, a wide one and
# a dumb one, with ordinary events and with what attackers write.
#
# The sample's screens are kept in tests/data/screens/, so that a changed
# layout is seen in review; SCREENS=write makes them anew.

. "$(dirname "$0")/lib.sh"
need tmux python3
. "$top/tests/cli/screen.sh" || exit 99
python3 "$top/tests/cli/hostile.py" >hostile.jsonl
terminal 80 "true" || skip_all "tmux has no terminal to give"

# name|what is asked of the sample|what is asked of the hostile events
formats="table|audit-query -n 30|audit-query
detail|audit-query -o detail -n 4 --id shop-20492,shop-20507,shop-20831,shop-20846|audit-query -o detail
short|audit-query -o short -n 30|audit-query -o short
text|audit-query -o text -n 30|audit-query -o text
summary|audit-summary --top 5|audit-summary
facet|audit-query -F target_path|audit-query -F action
trail|audit-trail --resource prod/db/orders -n 12|audit-trail --resource 'x*'
person|audit-trail --identity bob@acme.example -n 12|audit-trail --identity 'wide*'"

# A sentence is never cut: the terminal breaks it where the screen ends.
sentence_formats="short text"

# as_wide_as WIDTH FORMAT: the screen fits; of a sentence, that nothing steers.
as_wide_as() {
	case " $sentence_formats detail " in
	*" $2 "*)
		if [ "$2" = detail ]; then
			# what is indented is fields; the rest is a sentence
			sed -n 's/^    /&/p' screen >fields
			python3 "$top/tests/cli/screen.py" "$1" fields || return
		fi
		fits 99999
		;;
	*) fits "$1" ;;
	esac
}

colours() { # how many lines of the screen have any
	grep -c "$(printf '\033\\[[0-9;]*[1-9]')" screen.colours
}

# each FUNCTION: called with the name, the sample's and the hostile question.
each() {
	echo "$formats" >formats.list
	while IFS='|' read -r name sample hostile <&3; do
		"$1"
	done 3<formats.list
}

# ---- The sample, as it was when somebody looked ----

now='2026-09-21 12:00:00'
at_time "$now"
eval "$clock auditd-ingest -q '$top/examples/sample.jsonl' --source shop"

as_kept() { # TITLE FILE: the screen is the one that is kept
	kept=$top/tests/data/screens/$2
	if [ -z "$clock" ]; then
		skip "$1: as it was" "there is no faketime that works here"
	elif [ "${SCREENS-}" = write ]; then
		cp screen "$kept"
	else
		same "$1: as it was" "$kept" screen
	fi
}

sample_screens() {
	for columns in 80 200; do
		terminal $columns "$clock $sample --no-pager"
		ends "$name, $columns columns" 0
		check "$name, $columns columns: fits" as_wide_as $columns "$name"
		as_kept "$name, $columns columns" "$name.$columns"
		[ $columns -ne 80 ] || cp screen narrow
	done
	terminal 80 "unset NO_COLOR; TERM=dumb $clock $sample --no-pager"
	ends "$name, dumb" 0
	check "$name, dumb: fits" as_wide_as 80 "$name"
	is "$name, dumb: no colours" "$(colours)" 0
	if [ "$name" = summary ]; then
		as_kept "$name, dumb" "$name.dumb"
	elif [ -n "$clock" ]; then
		same "$name, dumb: otherwise the same" narrow screen
	fi
}
each sample_screens

# ---- Colours ----

for question in "audit-query -n 30" "audit-query -o detail --id shop-20846" "audit-query -o short -n 30" \
    "audit-query -o text -n 30" "audit-summary"; do
	terminal 80 "unset NO_COLOR; $question --no-pager"
	check "$question: has colours" test "$(colours)" -gt 0
	# An event has aged when it is shown for the second time.
	sed 's/ ([0-9]*[a-z]* ago)$//' screen >coloured
	terminal 80 "$question --no-pager"
	is "$question: none with NO_COLOR" "$(colours)" 0
	sed 's/ ([0-9]*[a-z]* ago)$//' screen >plain
	same "$question: colours move nothing" plain coloured
done
terminal 80 "audit-query -n 30 --no-pager --color always"
check "--color always: in spite of NO_COLOR" test "$(colours)" -gt 0

# ---- The pager ----

if command -v less >/dev/null; then
	terminal 80 "audit-query -n 5"
	is "what fits is printed, and less ends" "$(grep -c 2026 screen),$status" "5,0"
	for question in "audit-query" "audit-query -o detail" "audit-query -o short" "audit-query -o text" \
	    "audit-trail --identity bob@acme.example"; do
		terminal 80 "$question" q
		check "$question: more than a screen waits at the first page" test "$(grep -c . page)" -ge 55
		is "$question: q leaves it, quietly" "$status,$(cat err)" "0,"
	done
	terminal 80 "audit-query" Space q
	ends "a page on, then out" 0
	screen_lines=4
	terminal 80 "audit-query -v --action nothing.at.all"
	ends "nothing found: the status is the program's" 1
	screen_lines=60
	terminal 80 "TERM=dumb audit-query"
	is "a dumb terminal has no pages" "$(grep -c ':..:' screen)" 202
else
	skip "the pager" "less is not installed"
fi

# ---- What attackers write ----

AUDIT_DB=$work/hostile.db
run auditd-ingest hostile.jsonl
ends "hostile events are stored" 0
hostile_screens() {
	for columns in 80 200; do
		for dumb in "" "unset NO_COLOR; TERM=dumb "; do
			terminal $columns "$dumb$hostile --no-pager"
			place="$name, hostile, $columns columns${dumb:+, dumb}"
			ends "$place" 0
			check "$place: fits, and nothing steers" as_wide_as $columns "$name"
			check "$place: the title is as it was" test "$title" != owned
			[ -z "$dumb" ] || is "$place: no colours" "$(colours)" 0
		done
	done
	if command -v less >/dev/null; then
		terminal 80 "$hostile" q
		check "$name, hostile, in less: nothing steers" fits 99999
		check "$name, hostile, in less: the title is as it was" test "$title" != owned
	fi
}
each hostile_screens

finish
