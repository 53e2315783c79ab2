# Types a beginning of a command line and a Tab into an interactive zsh, and prints what stands there then.
# usage: zsh -f complete.zsh SCRIPT TYPED
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; autoload -Uz compinit; compinit -u -D; source $1; bindkey '^I' complete-word; bindkey '^X' end-of-line; print REA''DY"
while zpty -r shell line; do [[ $line == *READY* && $line != *print* ]] && break; done
zpty -w -n shell "$2"$'\t'
# The line as it stands, printed by the shell itself.
zpty -w -n shell $'\x01print -r -- FOUND: \x05 END\n'
while zpty -r shell line; do
  [[ $line == *FOUND:*END* && $line != *print* ]] && { print -r -- "${line#*FOUND: }"; break; }
done
zpty -d shell
