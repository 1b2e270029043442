export type { ControlClient } from './control-client.ts';
export { createHandout, type Handout } from './handout.ts';
export { createIngress, type Ingress, type IngressClock, type ListenAt } from './ingress.ts';
export { DEFAULT_INGRESS_LIMITS, type IngressLimits } from './limits.ts';
export { startListening } from './listening.ts';
