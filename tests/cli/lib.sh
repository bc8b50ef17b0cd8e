# lib.sh: what the tests of the programs share.  A test begins with
#
#	. "$(dirname "$0")/lib.sh"
#
# and ends with `finish`.  It then runs in a folder of its own, which is
# removed at the end, finds the programs of the build in its PATH, and has
# $top (the sources) and $db (a store not yet made, also in $AUDIT_DB).
#
# The programs are looked for in $AUDIT_BIN, else in the build folder that
# the test was started from.

LC_ALL=C TZ=UTC NO_COLOR=1 PYTHONDONTWRITEBYTECODE=1
export LC_ALL TZ NO_COLOR PYTHONDONTWRITEBYTECODE
unset AUDIT_CONFIG PAGER LINES COLUMNS

top=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd) || exit 99
build=${AUDIT_BIN:-${abs_top_builddir:-$PWD}}
PATH=$build:$PATH
export PATH

work=$(mktemp -d "${TMPDIR:-/tmp}/audit-test.XXXXXX") || exit 99
cd "$work" || exit 99
HOME=$work XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
export HOME XDG_STATE_HOME XDG_CONFIG_HOME
db=$work/events.db
AUDIT_DB=$db
export AUDIT_DB
# Programs that are not installed find their mappings, controls and rules in the sources.
if [ -f "$build/config.status" ]; then
	AUDIT_MAPPINGS=$top/mappings AUDIT_CONTROLS=$top/controls AUDIT_RULES=$top/rules
	export AUDIT_MAPPINGS AUDIT_CONTROLS AUDIT_RULES
fi
exec </dev/null

test_number=0
test_failures=0

clean_up() {
	cd / && chmod -R u+rwX "$work" && rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 99' HUP INT TERM

# run COMMAND...: standard output goes to ./out, standard error to ./err, the
# exit status to $status.
run() {
	status=0
	"$@" >out 2>err || status=$?
}

ok() {
	test_number=$((test_number + 1))
	echo "ok $test_number - $1"
}

# not_ok NAME [WHY]: also shows what the last `run` left.
not_ok() {
	test_number=$((test_number + 1))
	test_failures=$((test_failures + 1))
	echo "not ok $test_number - $1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/# /'
	echo "# status: ${status-}"
	[ ! -s out ] || head -n 5 out | cut -c 1-300 | sed 's/^/# out: /'
	[ ! -s err ] || head -n 5 err | cut -c 1-300 | sed 's/^/# err: /'
}

skip() { # NAME WHY
	test_number=$((test_number + 1))
	echo "ok $test_number - $1 # SKIP $2"
}

skip_all() { # WHY
	echo "1..0 # SKIP $1"
	exit 0
}

# need COMMAND...: skips the whole test when one of them is not installed.
need() {
	for need_command; do
		command -v "$need_command" >/dev/null || skip_all "$need_command is not installed"
	done
}

# check NAME COMMAND...: passes when the command succeeds.
check() {
	check_name=$1
	shift
	if check_said=$("$@" 2>&1); then
		ok "$check_name"
	else
		not_ok "$check_name" "$check_said"
	fi
}

is() { # NAME GOT WANTED
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got:    $2
wanted: $3"
	fi
}

# same NAME FILE FILE: equal byte for byte.
same() {
	check "$1" diff_brief "$2" "$3"
}

diff_brief() {
	diff "$1" "$2" >difference 2>&1 && return 0
	head -n 6 difference | cut -c 1-400
	return 1
}

# ends NAME STATUS: how the last `run` ended.
ends() {
	is "$1" "$status" "$2"
}

# refuses NAME STATUS PATTERN: the last `run` ended so, printed nothing, and
# said one line on standard error that matches the basic regular expression.
refuses() {
	if [ "$status" -ne "$2" ]; then
		not_ok "$1" "status $status, wanted $2"
	elif [ -s out ]; then
		not_ok "$1" "something on standard output"
	elif [ "$(wc -l <err)" -ne 1 ]; then
		not_ok "$1" "not one line on standard error"
	elif ! grep -q -- "$3" err; then
		not_ok "$1" "standard error does not match: $3"
	else
		ok "$1"
	fi
}

quiet() { # the last `run` said nothing on standard error
	if [ -s err ]; then not_ok "$1" "something on standard error"; else ok "$1"; fi
}

# receipt COUNT: a number of the receipt of the last `run` of auditd-ingest,
# which was given --receipt receipt.json.
receipt() {
	sed -n 's/.*"'"$1"'": *\([0-9][0-9]*\).*/\1/p' receipt.json
}

finish() {
	echo "1..$test_number"
	[ "$test_failures" -eq 0 ]
	exit
}

# at_time TIME: sets $clock to words that run a command when it is TIME (as
# faketime -f has it), to be used unquoted or with eval; to nothing where that
# cannot be.  The library alone: faketime itself leaves semaphores behind when
# it is killed, and fails when it gets the same number again.  With a sanitizer
# the two wait for each other.
at_time() {
	clock=
	command -v faketime >/dev/null || return 0
	faketime_library=$(faketime -f "$1" printenv LD_PRELOAD 2>/dev/null) ||
		faketime_library=$(faketime -f "$1" printenv LD_PRELOAD 2>/dev/null) || return 0
	if timeout 10 env LD_PRELOAD="$faketime_library" FAKETIME="$1" audit-query --version >/dev/null 2>&1; then
		clock="env LD_PRELOAD='$faketime_library' FAKETIME='$1'"
	fi
}
