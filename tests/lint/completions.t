#!/bin/sh
# Completion offers what the programs say; each shell reads its script.

. "${0%/*}/../cli/lib.sh"

if command -v bash >/dev/null; then
	cat >try.bash <<-'END'
		source "$1/completions/audit-toolkit.bash"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_audit_toolkit "$1" "${COMP_WORDS[$# - 1]}" "${COMP_WORDS[$# - 2]}"
		echo "${COMPREPLY[*]}"
	END
	offers() { # NAME WANTED WORD...
		name=$1 wanted=$2
		shift 2
		is "bash: $name" "$(bash try.bash "$top" "$@" 2>&1)" "$wanted"
	}
	offers "an option" --severity audit-query --seve
	offers "values of a closed list" "info warning error critical" audit-query --severity ''
	offers "formats of the program" "jsonl json csv ocsf ecs cef leef syslog" audit-export -o ''
	offers "formats behind an equals sign" "jsonl json" audit-export --output = js
	offers "facilities of syslog" "auth authpriv audit" audit-query --facility au
	offers "framings" "newline octets" audit-export --framing ''
	offers "a field in a list" "time,action" audit-query --fields time,actio
	offers "a field as operand" "action=" audit-query --seq actio
	offers "a control" "nis2:21.2.j" audit-export --evidence nis
	offers "a file" "$top/man/audit-prune.8" audit-query --input "$top/man/audit-pru"
	offers "nothing for a free value" "" audit-query --since ''
else
	skip "bash" "not installed"
fi

if command -v fish >/dev/null; then
	try_fish() { # NAME WANTED LINE
		is "fish: $1" "$(fish -N -c "source $top/completions/audit-toolkit.fish; complete -C '$3'" 2>&1 |
			cut -f 1 | sort | tr '\n' ' ')" "$2"
	}
	try_fish "an option" "--severity " "audit-query --seve"
	try_fish "values of a closed list" "critical error info warning " "audit-query --severity "
	try_fish "a field in a list" "time,action " "audit-query --fields time,actio"
	try_fish "a field as operand" "action= " "audit-query actio"
else
	skip "fish" "not installed"
fi

if command -v zsh >/dev/null; then
	check "zsh: the script parses" zsh -n "$top/completions/_audit-toolkit"
else
	skip "zsh" "not installed"
fi

finish
