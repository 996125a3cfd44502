# bash completion for weft; made by `weft completion bash`.
_weft() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= word
  local i known="||init|run|id|config|config check|config show|config defaults|keys|keys show|keys export|keys import|keys network|keys passphrase|doctor|status|status limits|health|peers|routes|wait|connect|disconnect|ping|send|recv|reload|shutdown|logs|logs level|ban|allow|access|access list|access forget|pub|sub|topics|dht|dht put|dht get|dht provide|dht find-providers|dht status|dht find-peer|mesh|mesh up|bench|sim|version|completion|"
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $known == *"|${command:+$command }$word|"* ]]; then command="${command:+$command }$word"; fi
  done
  case $previous in
    --dir|--passphrase-file|--config|--new-passphrase-file|--file|--keep) COMPREPLY=($(compgen -f -- "$current")); return;;
    --profile) COMPREPLY=($(compgen -W 'server lowpower private test' -- "$current")); return;;
    --topology) COMPREPLY=($(compgen -W 'line ring random full' -- "$current")); return;;
  esac
  case $command in
    '') COMPREPLY=($(compgen -W 'init run id config keys doctor status health peers routes wait connect disconnect ping send recv reload shutdown logs ban allow access pub sub topics dht mesh bench sim version completion -h --help --version --dir --json' -- "$current"));;
    'init') COMPREPLY=($(compgen -W '-h --help --profile --encrypt --passphrase-file --force --set --version --dir --json' -- "$current"));;
    'run') COMPREPLY=($(compgen -W '-h --help --config --passphrase-file --init --set --version --dir --json' -- "$current"));;
    'id') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'config') COMPREPLY=($(compgen -W 'check show defaults -h --help --version --dir --json' -- "$current"));;
    'config check') COMPREPLY=($(compgen -W '-h --help --config --set --version --dir --json' -- "$current"));;
    'config show') COMPREPLY=($(compgen -W '-h --help --config --set --version --dir --json' -- "$current"));;
    'config defaults') COMPREPLY=($(compgen -W '-h --help --markdown --manual --version --dir --json' -- "$current"));;
    'keys') COMPREPLY=($(compgen -W 'show export import network passphrase -h --help --version --dir --json' -- "$current"));;
    'keys show') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'keys export') COMPREPLY=($(compgen -W '-h --help --passphrase-file --new-passphrase-file --no-passphrase --force --version --dir --json' -- "$current"));;
    'keys import') COMPREPLY=($(compgen -W '-h --help --passphrase-file --force --version --dir --json' -- "$current"));;
    'keys network') COMPREPLY=($(compgen -W '-h --help --force --version --dir --json' -- "$current"));;
    'keys passphrase') COMPREPLY=($(compgen -W '-h --help --passphrase-file --new-passphrase-file --remove --version --dir --json' -- "$current"));;
    'doctor') COMPREPLY=($(compgen -W '-h --help --config --list --set --version --dir --json' -- "$current"));;
    'status') COMPREPLY=($(compgen -W 'limits -h --help --version --dir --json' -- "$current"));;
    'status limits') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'health') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'peers') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'routes') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'wait') COMPREPLY=($(compgen -W '-h --help --ready --timeout --version --dir --json' -- "$current"));;
    'connect') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'disconnect') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'ping') COMPREPLY=($(compgen -W '-h --help -c --count -i --interval --timeout --version --dir --json' -- "$current"));;
    'send') COMPREPLY=($(compgen -W '-h --help --file --volatile --timeout --hops --version --dir --json' -- "$current"));;
    'recv') COMPREPLY=($(compgen -W '-h --help -f --follow --peek --limit --version --dir --json' -- "$current"));;
    'reload') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'shutdown') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'logs') COMPREPLY=($(compgen -W 'level -h --help -f --follow -n --lines --level --component --version --dir --json' -- "$current"));;
    'logs level') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'ban') COMPREPLY=($(compgen -W '-h --help --for --reason --version --dir --json' -- "$current"));;
    'allow') COMPREPLY=($(compgen -W '-h --help --for --reason --version --dir --json' -- "$current"));;
    'access') COMPREPLY=($(compgen -W 'list forget -h --help --version --dir --json' -- "$current"));;
    'access list') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'access forget') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'pub') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'sub') COMPREPLY=($(compgen -W '-h --help -n --count --version --dir --json' -- "$current"));;
    'topics') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'dht') COMPREPLY=($(compgen -W 'put get provide find-providers status find-peer -h --help --version --dir --json' -- "$current"));;
    'dht put') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'dht get') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'dht provide') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'dht find-providers') COMPREPLY=($(compgen -W '-h --help -n --count --version --dir --json' -- "$current"));;
    'dht status') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'dht find-peer') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'mesh') COMPREPLY=($(compgen -W 'up -h --help --version --dir --json' -- "$current"));;
    'mesh up') COMPREPLY=($(compgen -W '-h --help --topology --degree --keep --seed --demo --duration --version --dir --json' -- "$current"));;
    'bench') COMPREPLY=($(compgen -W '-h --help --repetitions --samples --bytes --hops --durable --rate --window --count --seconds --to --nodes --topology --degree --seed --fanout --unsigned --here --version --dir --json' -- "$current"));;
    'sim') COMPREPLY=($(compgen -W '-h --help --nodes --seed --scenario --runs --trace-from --list --version --dir --json' -- "$current"));;
    'version') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
    'completion') COMPREPLY=($(compgen -W '-h --help --version --dir --json' -- "$current"));;
  esac
}
complete -o default -F _weft weft
