import { allCommands, type CommandNode } from './command-tree';

/** A completion script for PowerShell 5 and later. */
export function powershellScript(root: CommandNode): string {
  const { name } = root;
  const commands = allCommands(root);
  const tables = commands.map(({ path, commands: inner, options }) => {
    const words = [
      ...inner.map((one) => [one.name, one.description]),
      ...options.flatMap(({ flags, description }) => flags.map((flag) => [flag, description])),
    ];
    return `    ${quote(path)} = @(${words.map(([word = '', text = '']) => `@(${quote(word)}, ${quote(text)})`).join(', ')})`;
  });
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .flatMap(({ flags, choices }) =>
        flags.map((flag) => `    ${quote(`${path} ${flag}`.trim())} = @(${choices.map(quote).join(', ')})`),
      ),
  );
  return `# PowerShell completion of ${name}: ${name} completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName ${quote(name)} -ScriptBlock {
  param($current, $line, $position)
  $words = @{
${tables.join('\n')}
  }
  $values = @{
${values.join('\n')}
  }
  $path = ''
  $before = ''
  foreach ($element in $line.CommandElements | Select-Object -Skip 1) {
    if ($element.Extent.EndOffset -ge $position) { break }
    $before = $element.ToString()
    $next = "$path $before".Trim()
    if ($words.ContainsKey($next)) { $path = $next }
  }
  $choices = $values["$path $before".Trim()]
  if ($choices) {
    $choices | Where-Object { $_ -like "$current*" } | ForEach-Object {
      [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
    return
  }
  $words[$path] | Where-Object { $_[0] -like "$current*" -and ($current -like '-*' -or $_[0] -notlike '-*') } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $_[1])
  }
}
`;
}

/** One text of PowerShell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
