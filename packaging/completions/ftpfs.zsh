#compdef ftpfs
# SPDX-License-Identifier: MIT
# Completion of ftpfs for zsh. What there is the program tells itself (--list-options, --help), so that this is
# never out of date.

# One specification for each option, for _values or _arguments; $1 stands before, $2 behind a name with a value.
_ftpfs_specifications() {
  setopt local_options extended_glob
  local name value help action
  $_ftpfs_program --list-options 2>/dev/null | while IFS=$'\t' read -r name value help; do
    help=${help//(#m)[\[\]:\\]/\\$MATCH}
    case $value in
      FILE) action=_files ;;
      DIR) action='_files -/' ;;
      USER) action=_users ;;
      GROUP) action=_groups ;;
      *[[:upper:]]*) action=' ' ;;
      *) action="(${value//|/ })" ;;
    esac
    if [[ $value == - ]]; then
      print -r -- "$1${name}[$help]"
    else
      print -r -- "$1$name${2}[$help]:${${value%%[|]*}//:/\\:}:$action"
    fi
  done
}

_ftpfs_list() {
  local -a specifications=("${(@f)$(_ftpfs_specifications '' '')}")
  _values -s , option $specifications
}

_ftpfs_source() {
  local -a commands=(${(f)"$($_ftpfs_program --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p')"})
  _alternative "commands:command:($commands)" 'schemes:scheme:compadd -S "" ftp:// ftpes:// ftps://' 'hosts:host:_hosts'
}

_ftpfs() {
  local _ftpfs_program=$words[1]
  local -a long=("${(@f)$(_ftpfs_specifications -- =)}")
  _arguments -s -S $long \
    '*-o+[options, separated by commas]:option:_ftpfs_list' \
    '-f[stay in the foreground]' '-d[the same, and show every request of the kernel]' '*-v[tell more]' \
    '-r[read-only]' '-p+[port of the server]:port:' \
    '(- *)'{-h,--help}'[show a summary]' '(- *)--help-all[explain every option]' \
    '(- *)'{-V,--version}'[show versions]' \
    '1:source:_ftpfs_source' '2:mountpoint:_files -/'
}

_ftpfs "$@"
