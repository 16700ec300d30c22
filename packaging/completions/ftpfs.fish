# SPDX-License-Identifier: MIT
# Completion of ftpfs for fish. What there is the program tells itself (--list-options, --help), so that this is
# never out of date.

# What may follow in a list of options: NAME, or NAME=VALUE.
function __ftpfs_options
    set -l typed (commandline --current-token --cut-at-cursor)
    set -l head (string replace --regex '[^,]*$' '' -- $typed)
    set -l item (string replace --regex '^.*,' '' -- $typed)
    set -l wanted (string split --max 1 = -- $item)
    ftpfs --list-options 2>/dev/null | while read --delimiter \t --local name value help
        if test (count $wanted) -eq 1
            test $value = -; or set name $name=
            printf '%s%s\t%s\n' "$head" $name $help
        else if test $name = $wanted[1]
            set -l front "$head$name="
            if contains -- $value FILE DIR
                for path in $wanted[2]*
                    test -d $path; and set path $path/
                    test -d $path -o $value = FILE; and echo $front$path
                end
            else if not string match --quiet --regex '[A-Z]' -- $value
                printf '%s\n' $front(string split '|' -- $value)
            end
        end
    end
end

function __ftpfs_first_word
    test (count (commandline --current-process --tokenize --cut-at-cursor)) -eq 1
end

complete --command ftpfs --short o --exclusive --arguments '(__ftpfs_options)' --description 'options, separated by commas'
complete --command ftpfs --short f --description 'stay in the foreground'
complete --command ftpfs --short d --description 'the same, and show every request of the kernel'
complete --command ftpfs --short v --description 'tell more'
complete --command ftpfs --short r --description read-only
complete --command ftpfs --short p --exclusive --description 'port of the server'
complete --command ftpfs --short h --long help --description 'show a summary'
complete --command ftpfs --long help-all --description 'explain every option'
complete --command ftpfs --short V --long version --description 'show versions'
complete --command ftpfs --condition __ftpfs_first_word \
    --arguments "(ftpfs --help 2>/dev/null | string match --regex --groups-only '^  ([a-z]+)  ') ftp:// ftpes:// ftps://"
