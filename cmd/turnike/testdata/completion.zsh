#compdef turnike
# zsh completion for turnike: source <(turnike completion zsh)
_turnike() {
  local word next command="" list=""
  for word in "${(@)words[2,CURRENT-1]}"; do
    next="${command:+$command }$word"
    case "$next" in
    "serve"|"user"|"user add"|"user set"|"user list"|"user passwd"|"user disable"|"user enable"|"user delete"|"user import"|"session"|"session list"|"session end"|"session issue"|"pool"|"pool list"|"pool set"|"token"|"token rotate"|"mail"|"mail test"|"backup"|"restore"|"trust"|"check"|"healthcheck"|"version"|"completion") command="$next" ;;
    esac
  done
  case "$command" in
    "") list="serve user session pool token mail backup restore trust check healthcheck version completion --help --data --config" ;;
    "serve") list="--help --data --config --dev --listen --public-url --tls-mode --seat-limit --log-level" ;;
    "user") list="add set list passwd disable enable delete import --help --data --config" ;;
    "user add") list="--help --data --config --role --pool --password-stdin" ;;
    "user set") list="--help --data --config --role --pool" ;;
    "user list") list="--help --data --config --json" ;;
    "user passwd") list="--help --data --config --password-stdin" ;;
    "user disable") list="--help --data --config" ;;
    "user enable") list="--help --data --config" ;;
    "user delete") list="--help --data --config" ;;
    "user import") list="--help --data --config" ;;
    "session") list="list end issue --help --data --config" ;;
    "session list") list="--help --data --config --json" ;;
    "session end") list="--help --data --config --user --reason" ;;
    "session issue") list="--help --data --config --all" ;;
    "pool") list="list set --help --data --config" ;;
    "pool list") list="--help --data --config --json" ;;
    "pool set") list="--help --data --config --limit --policy --max-sessions --login --presence" ;;
    "token") list="rotate --help --data --config" ;;
    "token rotate") list="--help --data --config --ahead --revoke" ;;
    "mail") list="test --help --data --config" ;;
    "mail test") list="--help --data --config" ;;
    "backup") list="--help --data --config" ;;
    "restore") list="--help --data --config" ;;
    "trust") list="--help --data --config --uninstall" ;;
    "check") list="--help --data --config --listen --public-url --tls-mode --seat-limit --log-level" ;;
    "healthcheck") list="--help --data --config" ;;
    "version") list="--help --data --config" ;;
    "completion") list="bash zsh fish --help --data --config" ;;
  esac
  compadd -- ${=list} || _files
}
if [ "${funcstack[1]}" = _turnike ]; then
  _turnike "$@"
else
  compdef _turnike turnike
fi
