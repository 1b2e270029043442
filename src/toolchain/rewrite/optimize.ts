/** Binaryen's optimiser, loaded when it is first needed: that alone takes nearly half a second. */
import type Binaryen from 'binaryen';

const OPTIMIZE_LEVEL = 2;
const SHRINK_LEVEL = 0;

export async function optimize(bytes: Uint8Array): Promise<Uint8Array> {
  const { default: binaryen } = await import('binaryen');
  const module = binaryen.readBinary(bytes);
  try {
    module.setFeatures(engineFeatures(binaryen));
    binaryen.setOptimizeLevel(OPTIMIZE_LEVEL);
    binaryen.setShrinkLevel(SHRINK_LEVEL);
    module.optimize();
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/** What clang emits and the engine runs; binaryen would also use proposals that no engine has yet. */
function engineFeatures({ Features }: typeof Binaryen): number {
  return [
    Features.MutableGlobals,
    Features.NontrappingFPToInt,
    Features.SIMD128,
    Features.RelaxedSIMD,
    Features.BulkMemory,
    Features.BulkMemoryOpt,
    Features.CallIndirectOverlong,
    Features.SignExt,
    Features.ExceptionHandling,
    Features.TailCall,
    Features.ReferenceTypes,
    Features.Multivalue,
    Features.ExtendedConst,
    Features.Atomics,
  ].reduce((all, feature) => all | feature, 0);
}
