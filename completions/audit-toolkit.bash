# Completion of the audit-toolkit for bash.  The programs say themselves what
# they take: PROGRAM --list-options and PROGRAM --list-values KIND.

_audit_toolkit() {
	local program=${COMP_WORDS[0]} word=$2 previous=$3 kind='' name letter type help values=''
	local IFS=$'\n' stem='' operand=no

	# --name=value arrives as three words: --name, = and value.
	if [[ $word == = ]]; then
		word=''
	elif [[ $previous == = && $COMP_CWORD -ge 2 ]]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi

	while IFS=$'\t' read -r name letter type help; do
		if [[ $name == "$previous" || $letter == "$previous" ]] && [[ $type != none ]]; then
			kind=$type operand=no
			break
		elif [[ $word == -* ]]; then
			[[ $name == --* ]] && values+=$name$'\n'
		elif [[ $name == operand ]]; then
			kind=$type operand=yes
		fi
	done < <("$program" --list-options 2>/dev/null)

	if [[ $word == -* && -z $kind ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
		return
	fi
	case $kind in
	file)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	dir)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	'' | any) ;;
	*)
		# Lists separated by commas are completed at their last part.
		[[ $word == *,* ]] && stem=${word%,*},
		values=$("$program" --list-values "$kind" 2>/dev/null)
		if [[ $kind == field && $operand == yes ]]; then
			compopt -o nospace 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -S = -W "$values" -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -P "$stem" -W "$values" -- "${word##*,}")
		fi ;;
	esac
}

complete -F _audit_toolkit auditd-ingest audit-query audit-export audit-summary audit-prune
