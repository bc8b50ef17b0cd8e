#!/bin/sh
# examples/object-store/upload: what is new goes to an object store, each event
# once, wherever it is cut; what comes back proves itself.
#
# The store is a folder, and s3rver, a server of the S3 protocol, when it is in the
# PATH.

. "$(dirname "$0")/lib.sh"
need jq python3 rclone flock setsid zstd

upload=$top/examples/object-store/upload
RCLONE_CONFIG=$work/rclone.conf AUDIT_UPLOAD_SIZE=8K
export RCLONE_CONFIG AUDIT_UPLOAD_SIZE
: >rclone.conf

made=0
add() { # COUNT
	python3 - "$made" "$1" <<'END' | auditd-ingest -q --source app
import random
import sys
first, count = map(int, sys.argv[1:])
rng = random.Random(first)
for n in range(first, first + count):
    words = " ".join("%x" % rng.getrandbits(24) for _ in range(rng.randrange(30)))
    print('{"id":"e%d","time":%d,"action":"a","description":"%s"}' % (n, 1777593600 + n, words))
END
	made=$((made + $1))
	[ -z "$key" ] || audit-verify -q --sign >/dev/null
}
key=
add 300
key=$(audit-verify --init-keys --origin test.example/objects 2>/dev/null)
audit-verify -q --sign >/dev/null

# once FOLDER: its sets hold, and have every event once.
once() {
	once_wrong=
	for once_manifest in "$1"/*.manifest.json; do
		audit-verify -q --key "$key" "$once_manifest" 2>once.err || [ $? -eq 3 ] ||
			once_wrong="$once_wrong $(cat once.err)"
	done
	cat "$1"/*.zst | zstd -qdc | jq -r .id | sort >ids
	[ "$(uniq -d ids | wc -l)" -eq 0 ] || once_wrong="$once_wrong events twice"
	audit-query -o csv --fields id source=app | tr -d '\r' | sed 1d | sort | cmp -s - ids ||
		once_wrong="$once_wrong not the events of the log ($(wc -l <ids))"
	# Nothing that no manifest names.
	jq -r '.files[].name' "$1"/*.manifest.json | sort >named
	(cd "$1" && ls | grep -v '\.manifest\.json$') | sort | cmp -s - named || once_wrong="$once_wrong files of no set"
	echo "$once_wrong"
}

# ---- Cut at each of its commands ----

# The same programs, by a folder that counts them: before or after the one whose
# number is $CUT the script is killed.
mkdir cutting
cat >cutting/cut <<'END'
#!/bin/sh
name=${0##*/}
PATH=${PATH#*:}
n=$(($(cat "$COUNT") + 1))
echo $n >"$COUNT"
[ "$n" -ne "$CUT" ] || [ "$WHEN" != before ] || kill -KILL $PPID
[ "$n" -ne "$CUT" ] || [ "$WHEN" != before ] || exit 1
"$name" "$@"
status=$?
[ "$n" -ne "$CUT" ] || kill -KILL $PPID
exit $status
END
chmod +x cutting/cut
for program in mkdir cp mv rm sync date flock audit-export rclone grep; do
	ln -s cut cutting/$program
done
COUNT=$work/count CUT=0 WHEN=before
export COUNT CUT WHEN
cut_upload() { # NUMBER WHEN
	echo 0 >count
	run env CUT="$1" WHEN="$2" PATH="$work/cutting:$PATH" sh "$upload" up "$work/objects" --proof source=app
}
cut_upload 0 before
is "what is there is sent" "$status $(cat err)" "0 "
commands=$(cat count)
check "in some steps" test "$commands" -gt 15
is "every event once" "$(once objects)" ""
is "in parts" "$(($(ls objects/*.zst | wc -l) > 1))" 1
is "and nothing is left but where it was" "$(ls up | tr '\n' ' ')" "cursor lock "
ls objects >before
cut_upload 0 before
is "nothing new: nothing is sent" "$status $(ls objects | diff - before)" "0 "

wrong='' killed=0
for when in before after; do
	i=1
	[ $when = before ] || i=2
	while [ $i -le $((commands + 3)) ]; do
		add 40
		cut_upload $i $when
		[ $status -ne 137 ] || killed=$((killed + 1))
		# The next one may be cut, too.
		[ $((i % 3)) -ne 0 ] || cut_upload $((i % 7 + 2)) $when
		if [ $((i % 8)) -ge 6 ]; then
			cut_upload 0 before
			[ "$status" -eq 0 ] || wrong="$wrong $i: $status $(cat err);"
			said=$(once objects)
			[ -z "$said" ] || wrong="$wrong $when $i:$said;"
		fi
		i=$((i + 2))
	done
done
cut_upload 0 before
is "cut at each of its steps: every event once ($killed times)" "$wrong$(once objects)" ""
check "cut it was" test $killed -gt $((commands * 2 / 3))
is "nothing is left of it" "$(ls up | tr '\n' ' ')" "cursor lock "

(
	exec 9>up/lock
	flock 9
	exec sleep 60
) &
lock=$!
until ! flock -n up/lock true; do sleep 0.1; done
run sh "$upload" up "$work/objects" source=app
refuses "while another one is running" 75 "another one is running"
kill $lock
wait $lock 2>/dev/null

add 10
cp up/cursor cursor
ls objects >before
run sh "$upload" up "$work/objects" source=other
refuses "other filters than the last time" 2 "cursor"
nowhere=$work/cursor/objects # below a file
run sh "$upload" up "$nowhere" --proof source=app
check "what cannot be written" test "$status" -ne 0
check "is kept" test -d up/ready
same "and the cursor, too" up/cursor cursor
run sh "$upload" up "$work/objects" --proof source=app
is "until it can" "$status $(once objects)" "0 "

# What an upload that was cut may leave where names come before contents.
add 10
run sh "$upload" up "$nowhere" --proof source=app
for file in up/ready/set/*.0001.jsonl.zst; do head -c 100 "$file" >"objects/${file##*/}"; done
run sh "$upload" up "$work/objects" --proof source=app
is "half an object is replaced" "$status $(once objects)" "0 "

# ---- A server ----

if ! command -v s3rver >/dev/null; then
	skip "an object store" "s3rver is not installed"
	finish
fi
port=$((20000 + $$ % 10000)) server=
unset AWS_CA_BUNDLE AWS_PROFILE AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_SESSION_TOKEN
no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
export no_proxy NO_PROXY
AWS_ACCESS_KEY_ID=S3RVER AWS_SECRET_ACCESS_KEY=S3RVER AWS_DEFAULT_REGION=us-east-1
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION
cat >rclone.conf <<END
[s3]
type = s3
provider = Other
env_auth = true
region = us-east-1
endpoint = http://127.0.0.1:$port
force_path_style = true
END
export RCLONE_RETRIES=1 RCLONE_LOW_LEVEL_RETRIES=1 RCLONE_TRANSFERS=1
start() {
	s3rver -d "$work/buckets" -p "$port" -a 127.0.0.1 --configure-bucket audit >server.log 2>&1 &
	server=$!
	for try in $(seq 1 100); do
		rclone lsf s3:audit >/dev/null 2>&1 && return
		kill -0 $server 2>/dev/null || break
		sleep 0.1
	done
	return 1
}
stop() {
	[ -z "$server" ] || kill -KILL "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	server=
}
trap 'stop; clean_up' EXIT
mkdir buckets
if ! start; then
	sed 's/^/# /' server.log
	not_ok "the server starts"
	finish
fi
ok "the server starts"
fetched() { # everything of the store, anew
	rm -rf fetched && rclone copy s3:audit/shop fetched && [ -d fetched ]
}

rm -rf up
run sh "$upload" up s3:audit/shop --proof source=app
is "all is sent" "$status $(cat err)" "0 "
fetched
is "and comes back, each event once, with its proof" "$(once fetched)" ""

# The server goes, then the upload, in the middle: slowly, for that.
add 400
slow() {
	env RCLONE_BWLIMIT=20k setsid sh "$upload" up s3:audit/shop --proof source=app >slow.out 2>slow.err &
	slow=$!
}
objects() {
	rclone lsf s3:audit/shop | wc -l
}
manifests() {
	rclone lsf s3:audit/shop --include '*.manifest.json' | wc -l
}
await() { # until there are so many more objects
	for try in $(seq 1 100); do
		[ "$(objects)" -lt "$1" ] || return 0
		sleep 0.1
	done
	return 1
}
before=$(objects) sets=$(manifests)
slow
check "an upload is under way" await $((before + 2))
stop
status=0
wait $slow || status=$?
check "without the server it fails" test $status -ne 0
check "and the set is kept" test -d up/ready
start
is "so far without its manifest: nobody takes it for whole" "$(manifests)" "$sets"
between=$(objects)
check "of which some parts are there" test "$between" -gt "$before"
slow
check "again it is under way" await $((between + 2))
kill -KILL -- -$slow
wait $slow 2>/dev/null
check "killed, it is kept, too" test -d up/ready
is "still without its manifest" "$(manifests)" "$sets"
run sh "$upload" up s3:audit/shop --proof source=app
is "then the rest is sent" "$status $(manifests)" "0 $((sets + 1))"
fetched
is "no event is lost, none is there twice" "$(once fetched)" ""
is "nothing is left here" "$(ls up | tr '\n' ' ')" "cursor lock "

if command -v aws >/dev/null; then
	AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_EC2_METADATA_DISABLED=true
	export AWS_ENDPOINT_URL AWS_EC2_METADATA_DISABLED
	# Older ones have no variable for it.
	mkdir aws
	printf '#!/bin/sh\nPATH=${PATH#*:}\nexec aws --endpoint-url %s "$@"\n' "$AWS_ENDPOINT_URL" >aws/aws
	chmod +x aws/aws
	AUDIT_UPLOAD_SIZE=40K
	run env PATH="$work/aws:$PATH" sh "$upload" up-aws s3://audit/aws --proof source=app
	is "by aws, too" "$status $(cat err)" "0 "
	is "in parts, with their proofs and a manifest" "$(($(rclone lsf s3:audit/aws | wc -l) > 4))" 1
	rm -rf fetched && rclone copy s3:audit/aws fetched
	is "each event once" "$(once fetched)" ""
	add 10
	stop
	run env PATH="$work/aws:$PATH" AWS_MAX_ATTEMPTS=1 sh "$upload" up-aws s3://audit/aws --proof source=app
	check "without the server it fails" test "$status" -ne 0
	check "and the set is kept" test -d up-aws/ready
	start
	run env PATH="$work/aws:$PATH" sh "$upload" up-aws s3://audit/aws --proof source=app
	rm -rf fetched && rclone copy s3:audit/aws fetched
	is "until it is there" "$status $(once fetched)" "0 "
	AUDIT_UPLOAD_SIZE=8K
	run sh "$upload" up s3:audit/shop --proof source=app
else
	skip "by aws, too" "aws is not installed"
fi

# Someone changes, takes or swaps what the store has.
tampered() { # NAME
	fetched
	tampered_found=0
	for file in fetched/*.manifest.json; do
		run audit-verify -q --key "$key" "$file"
		[ "$status" -ne 5 ] || tampered_found=$((tampered_found + 1))
	done
	is "$1" "$tampered_found" 1
}
fetched
part=$(cd fetched && ls ./*.0002.jsonl.zst | head -n 1) && part=${part#./}
cp "fetched/$part" good
zstd -qdc good | sed '2s/"action":"a"/"action":"b"/' | zstd -qf -o bad
check "an object is changed" cmp -s -n 4 good bad
rclone copyto --ignore-times bad "s3:audit/shop/$part"
tampered "which is found in what comes back"
rclone deletefile "s3:audit/shop/$part"
tampered "one that is gone"
rclone copyto --ignore-times "fetched/$(echo "$part" | sed 's/\.0002\./.0001./')" "s3:audit/shop/$part"
tampered "another in its place"
rclone copyto --ignore-times good "s3:audit/shop/$part"
fetched
is "put back, all is well" "$(once fetched)" ""

finish
