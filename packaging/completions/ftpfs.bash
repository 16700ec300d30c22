# SPDX-License-Identifier: MIT
# Completion of ftpfs for bash. What there is the program tells itself (--list-options, --help), so that this is
# never out of date.

# What may follow in a list of options: NAME, or NAME=VALUE. $1 has been typed of it.
_ftpfs_option() {
  local typed=$1 name value
  while IFS=$'\t' read -r name value _; do
    if [[ $typed != *=* ]]; then
      [[ $value == - ]] || name+='='
      printf '%s\n' "$name"
    elif [[ ${typed%%=*} == "$name" ]]; then
      case $value in
        FILE) compgen -P "$name=" -f -- "${typed#*=}" ;;
        DIR) compgen -P "$name=" -d -- "${typed#*=}" ;;
        *[[:upper:]]*) ;;
        *) tr '|' '\n' <<<"$value" | sed "s/^/$name=/" ;;
      esac
    fi
  done < <("$_ftpfs_program" --list-options 2>/dev/null)
}

_ftpfs_commands() {
  "$_ftpfs_program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'
}

_ftpfs() {
  local _ftpfs_program=$1 word words previous candidate
  # As typed: bash would cut at each = and :, which are parts of our words.
  local line=${COMP_LINE:0:COMP_POINT}
  word=${line##*[[:space:]]}
  read -ra words <<<"${line%"$word"}"
  previous=${words[-1]}

  local head='' candidates=()
  if [[ $previous == -*o && $previous != --* ]]; then
    [[ $word == *,* ]] && head=${word%,*},
    mapfile -t candidates < <(_ftpfs_option "${word#"$head"}")
  elif [[ $word == --* ]]; then
    head=--
    mapfile -t candidates < <(_ftpfs_option "${word#--}"; printf '%s\n' help help-all version)
  elif [[ ${#words[@]} -eq 1 && $word != -* ]]; then
    mapfile -t candidates < <(_ftpfs_commands; printf '%s\n' ftp:// ftpes:// ftps://)
  fi

  # What bash takes for the word begins behind the last = or :, and only that is replaced.
  local kept=${word%"${word##*[=:]}"}
  COMPREPLY=()
  for candidate in "${candidates[@]}"; do
    [[ $head$candidate == "$word"* ]] && COMPREPLY+=("${head}${candidate}")
  done
  COMPREPLY=("${COMPREPLY[@]#"$kept"}")
  [[ ${COMPREPLY[0]-} != *[=/] ]] || compopt -o nospace 2>/dev/null
  if [[ $word == *=* ]]; then compopt -o filenames 2>/dev/null; fi
}

complete -o bashdefault -o default -F _ftpfs ftpfs
