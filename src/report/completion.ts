export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export interface CompletedFlag {
  /** With its dashes. */
  readonly flag: string;
  readonly about: string;
  readonly takesValue: boolean;
  readonly takesFile: boolean;
  /** What its value may be; none: anything. */
  readonly values: readonly string[];
}

export interface CompletedCommand {
  readonly name: string;
  readonly about: string;
  /** What its argument may be. */
  readonly words: readonly string[];
  readonly flags: readonly CompletedFlag[];
}

/** A script that the shell reads once. It calls no program, so that completion is quick. */
export const completionScript = (shell: Shell, commands: readonly CompletedCommand[]): string =>
  ({ bash, zsh, fish })[shell](commands);

const help: CompletedFlag = {
  flag: '--help',
  about: 'what it does and takes, with examples',
  takesValue: false,
  takesFile: false,
  values: [],
};

const flagsOf = (command: CompletedCommand): CompletedFlag[] => [...command.flags, help];

const bash = (commands: readonly CompletedCommand[]): string => {
  const caseOf = (command: CompletedCommand): string => {
    const valued = flagsOf(command).filter(({ takesValue }) => takesValue);
    const values = valued.map(({ flag, takesFile, values: words }) =>
      takesFile
        ? `        ${flag}) COMPREPLY=($(compgen -f -- "$current")); return ;;`
        : `        ${flag}) words="${words.join(' ')}" ;;`,
    );
    const all = [...command.words, ...flagsOf(command).map(({ flag }) => flag)].join(' ');
    return [
      `    ${command.name})`,
      '      case $previous in',
      ...values,
      `        *) words="${all}" ;;`,
      '      esac ;;',
    ].join('\n');
  };
  return `# Completion of arc-gam for bash: source <(arc-gam completion bash)
_arc_gam() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} --help --version" -- "$current"))
    return
  fi
  case \${COMP_WORDS[1]} in
${commands.map(caseOf).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _arc_gam arc-gam
`;
};

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const zsh = (commands: readonly CompletedCommand[]): string => {
  const plain = (text: string) => text.replace(/[[\]:\\]/g, '\\$&');
  const argumentOf = ({ flag, about, takesValue, takesFile, values }: CompletedFlag): string => {
    const value = !takesValue ? '' : takesFile ? ':file:_files' : `:value:(${values.join(' ')})`;
    return `        ${quoted(`${flag}[${plain(about)}]${value}`)}`;
  };
  const caseOf = (command: CompletedCommand): string => {
    const word =
      command.words.length === 0 ? [] : [`        ${quoted(`1:word:(${command.words.join(' ')})`)}`];
    return [
      `    ${command.name})`,
      '      _arguments \\',
      [...word, ...flagsOf(command).map(argumentOf)].join(' \\\n'),
      '      ;;',
    ].join('\n');
  };
  return `#compdef arc-gam
# Completion of arc-gam for zsh: arc-gam completion zsh > "\${fpath[1]}/_arc-gam"
_arc_gam() {
  local -a commands
  commands=(
${commands.map(({ name, about }) => `    ${quoted(`${name}:${plain(about)}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT -= 1 ))
  case $name in
${commands.map(caseOf).join('\n')}
  esac
}
if [ "$funcstack[1]" = _arc-gam ]; then _arc_gam "$@"; else compdef _arc_gam arc-gam; fi
`;
};

const fish = (commands: readonly CompletedCommand[]): string => {
  const fishQuoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const lines = commands.flatMap((command) => {
    const here = `-n '__fish_seen_subcommand_from ${command.name}'`;
    const words =
      command.words.length === 0 ? [] : [`complete -c arc-gam ${here} -f -a '${command.words.join(' ')}'`];
    const flags = flagsOf(command).map(({ flag, about, takesValue, takesFile, values }) => {
      const value = !takesValue
        ? ''
        : takesFile
          ? ' -r -F'
          : ` -x${values.length === 0 ? '' : ` -a '${values.join(' ')}'`}`;
      return `complete -c arc-gam ${here} -l ${flag.slice(2)}${value} -d ${fishQuoted(about)}`;
    });
    return [
      `complete -c arc-gam -n __fish_use_subcommand -f -a ${command.name} -d ${fishQuoted(command.about)}`,
      ...words,
      ...flags,
    ];
  });
  return `# Completion of arc-gam for fish: arc-gam completion fish > ~/.config/fish/completions/arc-gam.fish\n${lines.join('\n')}\n`;
};
