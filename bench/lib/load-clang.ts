import { runLLVM } from '@yowasp/clang';

/** The embedded clang's driver tells on standard output what it loads, whatever one asks of it; what is loaded already it does not. */
export async function loadClang(): Promise<void> {
  await runLLVM(undefined, {}, { fetchProgress: () => {} });
}
