#!/bin/sh
# The examples of README and of the manuals work as they stand.
#
# An example is a line of README that begins with "    $ ", or a line of the
# EXAMPLES section of a manual, displayed (.Dl, .Bd), that runs one of our
# programs.  Each runs in a folder where app.jsonl and /var/log/app hold the
# sample and, but for those of auditd-ingest, the store too, signed, with what
# was made to be verified from it beside.  It must end with 0 and print or make
# something.  A question about the last days, or now, finds nothing in an old
# sample: 1 will do.

. "$(dirname "$0")/lib.sh"
need gzip

sample=$top/examples/sample.jsonl
cat "$sample" >with-fault.jsonl
echo '{"action":"time travel","time":"never"}' >>with-fault.jsonl
cat >>with-fault.jsonl <<'END'
{"action":"dial in","time":"1994-05-01T00:00:00Z"}
{"action":"read","time":"2026-09-10T00:00:00Z","target_name":"a file, with a comma","reason":"bored"}
END
run auditd-ingest with-fault.jsonl --source app
ends "the sample, a faulty line, a very old event and one with a comma" 3
run audit-export -O first.jsonl
mkdir archived
run audit-prune --older-than 9000d --apply --archive-to archived
ends "an export and a prune are on record" 0
echo '{"action":"dial in","time":"1996-05-01T00:00:00Z","actor_id":"uucp"}' | auditd-ingest -q --source app

# The same store with keys, and what an auditor is given.
mkdir given
cp "$db" unsigned.db
run audit-verify -q --init-keys --origin audit.acme.example/shop
ends "it is given a key" 0
cp out given/log.pub
run audit-verify -q --sign
ends "and signed" 0
audit-verify --sign >given/checkpoint 2>/dev/null
run audit-export -q --since 2026-07 --until 2026-09 --proof --manifest -O given/q3.jsonl.zst
ends "an export with its proof" 0
mkdir given/back
run audit-export -q --since 2026-07 --until 2026-09 --proof --split 100 -O given/back/shop.jsonl.zst
ends "one in parts" 0
run audit-export -q --evidence iso27001:A.8.15 -O given/a815.tar.zst
ends "a pack" 0
audit-verify -q --prove shop-20417 >given/event.proof
audit-verify -q --sign >/dev/null
run audit-verify -q --consistency given/checkpoint
ends "a later checkpoint continues the first one" 0
cp out given/consistency

# A policy by which something is to be removed, and a plan that was agreed to.
cat >policy.yaml <<'END'
retention:
  - {action: dial*, keep: 400d}
  - keep: forever
END
run audit-prune -q --older-than 9000d --plan given/plan.json
ends "and a plan" 0

mkdir bin
printf '#!/bin/sh\ncat "%s"\n' "$sample" >bin/producer
chmod +x bin/producer
PATH=$work/bin:$PATH

prepare() {
	rm -rf run
	mkdir run run/examples run/evidence run/archive run/spool
	cp "$db" run/events.db
	cp -Rp "$db.keys" run/events.db.keys
	for copy in app.jsonl audit.jsonl examples/sample.jsonl; do
		cp "$sample" run/$copy
	done
	gzip -c "$sample" >run/audit-202609.jsonl.gz
	cp -Rp "$top/examples/sigma" run/examples
	cp "$top/examples/config.yaml" "$top/examples/deploy.yaml" "$top/examples/deploy.json" \
	    "$top/examples/dialects.yaml" run/examples
}

example() { # WHERE COMMAND
	prepare
	case $2 in
	*--replay-quarantine*)
		rm -r run/events.db run/events.db.keys
		echo '{"action":"login"}' | auditd-ingest -q -D run/events.db
		;;
	*auditd-ingest*)
		rm -r run/events.db run/events.db.keys
		cp archived/* run/archive
		;;
	*--init-keys*)
		rm -r run/events.db.keys
		cp unsigned.db run/events.db
		;;
	*audit-verify*)
		cp -R given/* run
		# What the example makes is not there yet.
		(cd run && rm -f $(printf '%s\n' "$2" | sed -n 's/.*> *\([a-z.]*\).*/\1/p'))
		;;
	*'audit-prune --apply plan.json'*) cp given/plan.json run ;;
	*'audit-hold lift'* | *'audit-hold list'* | *'audit-hold explain'*)
		AUDIT_DB=$work/run/events.db audit-hold place -q --matter 2026-17 --reason 'claim of Acme' \
		    --category AUTHENTICATION --since 2026-09 ;;
	*'--subject-file values.txt'*) printf 'bob@acme.example\nuser:bob\n' >run/values.txt ;;
	*'--action audit.erase'*)
		AUDIT_DB=$work/run/events.db audit-erase -q --subject bob@acme.example --apply --reason r >given/receipt
		;;
	esac
	before=$(ls run)
	command=$(printf '%s\n' "$2" | sed "s,/var/log/app/,,g; s,/srv/evidence,evidence,g
		s,/mnt/shop/audit.db,events.db,g; s,/srv/witness/,,g; s,/srv/archive,archive,g")
	# It would go on until someone ends it.
	case $2 in *auditd-ingest*--follow*) command="timeout --preserve-status 3 $command" ;; esac
	run env AUDIT_DB="$work/run/events.db" AUDIT_CONFIG="$work/policy.yaml" sh -c "cd run && $command"
	relative=no silent=no
	case $2 in *--last*|*--since\ -*|*today*|*yesterday*|*--locked*) relative=yes ;; esac
	case $2 in *\ -q\ *) silent=yes ;; esac
	[ -s out ] || [ -s err ] || [ "$before" != "$(ls run)" ] || silent=$silent,quiet
	if [ "$status" -eq 1 ] && [ $relative = yes ]; then
		ok "$1: $2"
	elif [ "$status" -ne 0 ]; then
		not_ok "$1: $2" "status $status"
	elif [ $silent = no,quiet ] && [ $relative = no ]; then
		not_ok "$1: $2" "nothing printed, nothing made"
	else
		ok "$1: $2"
	fi
}

commands() { # FILE
	case $1 in
	*README) sed -n 's/^    \$ //p' "$1" ;;
	*) sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/p' "$1" |
	    sed -n 's/^\.Dl //; /^audit\|| audit/p' |
	    sed 's/\\&//g; s/\\(aq/'\''/g; s/\\-/-/g; s/\\e/\\/g; s/^"\(.*\)"$/\1/' ;;
	esac
}

for file in "$top/README" "$top"/man/*.[1578]; do
	commands "$file" >commands
	while IFS= read -r command <&3; do
		example "$(basename "$file")" "$command"
	done 3<commands
done
check "README and the manuals have examples" test "$test_number" -gt 20

finish
