# Completion of the audit-toolkit for bash.  The programs say themselves what
# they take: PROGRAM --list-options and PROGRAM --list-values KIND.
#
# Values come from logs, so whoever wrote a log wrote them.  They are never
# expanded (no compgen -W), and quoted where the line does not quote already.

# Lines of standard input that begin with WORD become candidates: STEM before
# each, SUFFIX behind it, without what stands before the last colon.
_audit_toolkit_offer() { # WORD STEM SUFFIX
	local line quoted cut=''

	[[ -n $parted ]] && cut=${1%"${1##*:}"}
	while IFS= read -r line; do
		[[ $line == "$1"* ]] || continue
		quoted=$2${line#"$cut"}$3
		[[ -n $quote ]] || printf -v quoted %q "$quoted"
		# A comma needs no backslash, whatever %q thinks.
		quoted=${quoted//\\,/,}
		COMPREPLY+=("$quoted")
	done
}

# The options that say which store is meant, as this line has them, into
# `store`.
_audit_toolkit_store() {
	local i value

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-D | --db | --config) ;;
		*) continue ;;
		esac
		value=${COMP_WORDS[i + 1]}
		[[ $value == '=' ]] && value=${COMP_WORDS[i + 2]}
		value=${value//[\\\'\"]/}
		[[ $value == '~/'* ]] && value=$HOME/${value#'~/'}
		store+=("${COMP_WORDS[i]/#-D/--db}=$value")
	done
}

_audit_toolkit() {
	local program=${COMP_WORDS[0]} at=$COMP_CWORD kind='' operand=no quote='' parted='' equals=no
	local word=${COMP_WORDS[COMP_CWORD]} previous name letter type help
	local -a names=() store=()

	# A colon parts words for bash: s3:Get arrives as s3, : and Get.
	while ((at > 1)) && [[ ${COMP_WORDS[at]} == ':' || ${COMP_WORDS[at - 1]} == ':' ]]; do
		((at--))
		word=${COMP_WORDS[at]}$word parted=yes
	done
	previous=${COMP_WORDS[at - 1]}
	# So does an equals sign.
	if [[ $word == '=' ]]; then
		word='' equals=yes
	elif [[ $previous == '=' ]] && ((at >= 2)); then
		previous=${COMP_WORDS[at - 2]} equals=yes
	fi
	case $word in
	[\'\"]*) quote=${word:0:1} word=${word:1} ;;
	*) word=${word//\\/} ;;
	esac

	while IFS=$'\t' read -r name letter type help; do
		if [[ $name == "$previous" || $letter == "$previous" ]] && [[ $type != none ]]; then
			kind=$type operand=no
			break
		elif [[ $word == -* ]]; then
			[[ $name == --* ]] && names+=("$name")
		elif [[ $name == operand ]]; then
			kind=$type operand=yes
		fi
	done < <("$program" --list-options 2>/dev/null)

	# FIELD=VALUE
	if [[ $operand == yes && $equals == yes && $previous != -* ]]; then
		kind=$previous operand=no
	fi
	if [[ $word == -* && -z $kind ]]; then
		_audit_toolkit_offer "$word" '' '' < <(printf '%s\n' "${names[@]}")
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
	field)
		if [[ $operand == yes ]]; then
			compopt -o nospace 2>/dev/null
			mapfile -t COMPREPLY < <("$program" --list-values field 2>/dev/null |
				while IFS= read -r name; do [[ $name == "$word"* ]] && echo "$name="; done)
		else
			_audit_toolkit_list field
		fi ;;
	*)
		_audit_toolkit_store
		_audit_toolkit_list "$kind" ;;
	esac
}

# Lists separated by commas are completed at their last part.
_audit_toolkit_list() { # KIND
	local stem=''

	[[ $word == *,* ]] && stem=${word%,*},
	_audit_toolkit_offer "${word##*,}" "$stem" '' < <("$program" "${store[@]}" --list-values "$1" 2>/dev/null)
}

complete -F _audit_toolkit auditd-ingest audit-query audit-export audit-summary audit-trail audit-sessions audit-verify audit-prune audit-hold audit-erase audit-detect
