import { Command } from 'commander';
import type { DeployOptions } from '../deploy.ts';
import { jsonOption, toolchainOption, withGateway } from '../options.ts';
import type { Terminal } from '../terminal.ts';

export function deployCommand(terminal: Terminal): Command {
  const command = new Command('deploy')
    .summary('build apps and hand them to a running platform')
    .description(
      `Builds apps here and deploys them to a platform that runs, this machine's or another's. An app is exchanged as a whole: requests that run end on the version before; when anything is refused, nothing changes.`,
    )
    .argument('[app...]', 'folders, manifests or single C/C++ files (default: the current folder)')
    .addOption(toolchainOption());
  return withGateway(command)
    .addOption(jsonOption())
    .action(async (paths: string[], options: DeployOptions) => {
      const { deploy } = await import('../deploy.ts');
      await deploy(terminal, paths, options);
    });
}
