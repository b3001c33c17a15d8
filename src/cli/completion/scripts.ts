/**
 * What a shell runs at the tab key. Each script hands the words up to the cursor to `tsrun __complete` and gives back what that prints
 * (see complete.ts). Nothing typed is evaluated, and nothing printed: a name is a word, never code.
 */
import type { SHELLS } from '../flags/completion.js';

export function scriptFor(shell: (typeof SHELLS)[number]): string {
  return SCRIPTS[shell];
}

/**
 * bash splits words at `:` and `=` too (COMP_WORDBREAKS) and replaces the last part alone. The parts are put together again by where they
 * stand in the line, from the cursor to the left, and what stands before the last part is taken off each answer.
 */
const BASH = `# bash completion for tsrun
_tsrun() {
  local line=\${COMP_LINE:0:COMP_POINT} words=() word= last= part at
  for ((at = COMP_CWORD; at >= 0; at--)); do
    part=\${COMP_WORDS[at]}
    while [[ $line != *"$part" ]]; do part=\${part%?}; done
    line=\${line%"$part"}
    if ((at == COMP_CWORD)) && [[ $part != [:=]* ]]; then last=$part; fi
    word=$part$word
    if ((at == 0)) || [[ $line == *[[:space:]] ]]; then
      words=("$word" "\${words[@]}")
      word=
      line=\${line%"\${line##*[![:space:]]}"}
    fi
  done
  local before=\${words[-1]%"$last"} replies reply
  mapfile -t replies < <(command tsrun __complete bash "\${words[@]:1}" 2>/dev/null </dev/null)
  local kind=\${replies[0]} names=() abouts=() widest=0
  for reply in "\${replies[@]:1}"; do
    word=\${reply%%$'\\t'*}
    [[ $word == "$before"* ]] || continue
    names+=("\${word#"$before"}")
    abouts+=("\${reply:\${#word}+1}")
    ((\${#word} - \${#before} > widest)) && widest=$((\${#word} - \${#before}))
  done
  COMPREPLY=("\${names[@]}")
  if ((\${#names[@]} == 1)); then
    [[ \${names[0]} == *[:=] ]] && compopt -o nospace
  elif ((COMP_TYPE != 37 && COMP_TYPE != 42)); then # not where they are inserted one after the other
    for at in "\${!names[@]}"; do
      [[ -n \${abouts[at]} ]] || continue
      printf -v reply "%-\${widest}s  (%s)" "\${names[at]}" "\${abouts[at]}"
      COMPREPLY[at]=\${reply:0:\${COLUMNS:-80}-2}
    done
  fi
  case $kind in
  files*) compopt -o default ;;
  directories*) compopt -o dirnames ;;
  esac
}
complete -F _tsrun tsrun
`;

const ZSH = `#compdef tsrun
# zsh completion for tsrun
_tsrun() {
  local -a typed replies names shown open open_shown
  local kind reply word before
  local -i widest=0
  (( CURRENT > 2 )) && typed=("\${(@Q)words[2,CURRENT-1]}")
  replies=("\${(@f)$(command tsrun __complete zsh "\${(@)typed}" "\${(Q)PREFIX}" 2>/dev/null </dev/null)}")
  kind=\${replies[1]}
  shift replies
  for reply in "\${(@)replies}"; do
    word=\${reply%%$'\\t'*}
    (( \${#word} > widest )) && widest=\${#word}
  done
  for reply in "\${(@)replies}"; do
    word=\${reply%%$'\\t'*}
    [[ $reply == *$'\\t'* ]] && reply="\${(r:widest:)word}  -- \${reply#*$'\\t'}"
    if [[ $word == *[:=] ]]; then
      open+=("$word")
      open_shown+=("$reply")
    elif [[ -n $word ]]; then
      names+=("$word")
      shown+=("$reply")
    fi
  done
  local -i found=1
  (( \${#names} )) && compadd -l -d shown -a -- names && found=0
  (( \${#open} )) && compadd -l -S '' -d open_shown -a -- open && found=0
  before="\${kind#* }"
  [[ $kind == *' '* ]] && compset -P "\${(b)before}"
  case $kind in
  files*) _files && found=0 ;;
  directories*) _files -/ && found=0 ;;
  esac
  return found
}
if [[ \${funcstack[1]} == _tsrun ]]; then
  _tsrun "$@"
else
  compdef _tsrun tsrun
fi
`;

const FISH = `# fish completion for tsrun
function __tsrun_complete
    set -l typed (commandline -opc)
    set -e typed[1]
    set -l current (commandline -ct)
    set -l plain (string unescape -- "$current" 2>/dev/null)
    or set plain (string replace -r '^[\\'"]' '' -- "$current")
    set -l replies (command tsrun __complete fish $typed "$plain" 2>/dev/null </dev/null)
    set -l kind (string split -m 1 ' ' -- $replies[1])
    set -e replies[1]
    printf '%s\\n' $replies
    set -l path (string sub -s (math (string length -- "$kind[2]") + 1) -- "$plain")
    switch "$kind[1]"
        case files
            printf '%s\\n' "$kind[2]"(__fish_complete_path "$path")
        case directories
            printf '%s\\n' "$kind[2]"(__fish_complete_directories "$path" '')
    end
end
complete -c tsrun -e
complete -c tsrun -f -a '(__tsrun_complete)'
`;

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;
