#!/bin/sh
# The examples of README and of the manuals work as they stand.
#
# An example is a line that begins with "    $ " in README, or with ".Dl $ "
# in the EXAMPLES section of a manual.  They run in a folder where app.jsonl is the
# sample and, but for those of auditd-ingest, the store holds it.  Each must end with
# 0 and print something; "# exit N" behind it says another status.  A question
# about "the last days" finds nothing in an old sample: 1 will do.

. "$(dirname "$0")/lib.sh"
need gzip

run auditd-ingest "$top/examples/sample.jsonl" --source app
ends "the sample is stored" 0
cp "$db" sample.db

prepare() {
	rm -rf run
	mkdir run
	cp sample.db run/events.db
	cp "$top/examples/sample.jsonl" run/app.jsonl
	mkdir run/examples run/evidence
	cp "$top/examples/sample.jsonl" run/examples/
	cp run/app.jsonl run/events.jsonl
	gzip -c run/app.jsonl >run/app.jsonl.gz
}

example() { # WHERE COMMAND
	wanted=$(printf '%s\n' "$2" | sed -n 's/.*# exit \([0-9]*\).*/\1/p')
	prepare
	case $2 in auditd-ingest*) rm run/events.db ;; esac
	before=$(ls run)
	run env AUDIT_DB="$work/run/events.db" sh -c "cd run && $2"
	case $2 in
	*--last*|*-[0-9]*[dhmy]*|*today*|*yesterday*) relative=yes ;;
	*) relative=no ;;
	esac
	if [ "$status" -eq 1 ] && [ $relative = yes ]; then
		ok "$1: $2"
	elif [ "$status" -ne "${wanted:-0}" ]; then
		not_ok "$1: $2" "status $status"
	elif [ ! -s out ] && [ ! -s err ] && [ "$before" = "$(ls run)" ] && [ $relative = no ]; then
		not_ok "$1: $2" "nothing printed, nothing made"
	else
		ok "$1: $2"
	fi
}

# Lines of the manual as text: roff's \e is a backslash, \(aq a quote, \- a minus.
commands() {
	case $1 in
	*README) sed -n 's/^    \$ //p' "$1" ;;
	*) sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/s/^\.Dl \$ //p' "$1" |
	    sed 's/\\&//g; s/\\(aq/'\''/g; s/\\(ti/~/g; s/\\-/-/g; s/\\e/\\/g; s/^"\(.*\)"$/\1/' ;;
	esac
}

for file in "$top/README" "$top"/man/*.[1578]; do
	[ -f "$file" ] || continue
	name=$(basename "$file")
	commands "$file" >commands
	while IFS= read -r command <&3; do
		case $command in ./quickstart*|*configure*|*make*|sudo*|git*) continue ;; esac
		example "$name" "$command"
	done 3<commands
done

finish
