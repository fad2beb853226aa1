import type { Command } from 'commander'

/** Every command's own --help as Markdown, so that the page and the program never differ. Same program, same bytes. */
export function renderCliReference(program: Command, opening: string): string {
  return [`# ${program.name()}`, '', opening, ...everyCommand(program, '').map(renderCommand)].join('\n')
}

interface Named {
  readonly name: string
  readonly command: Command
}

function everyCommand(command: Command, above: string): Named[] {
  const name = `${above}${command.name()}`
  return [{ name, command }, ...command.commands.flatMap((inner) => everyCommand(inner, `${name} `))]
}

function renderCommand({ name, command }: Named): string {
  let help = ''
  command.configureHelp({ helpWidth: 110 }).configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 110 })
  command.outputHelp()
  return `\n## ${name}\n\n\`\`\`\n${help.trimEnd()}\n\`\`\``
}
