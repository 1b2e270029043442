export type { ControlClient } from './control-client.ts';
export type { IngressMetrics } from './hub.ts';
export { createHandout, type Handout } from './handout.ts';
export { createIngress, type Ingress, type IngressClock, type IngressNeeds, type IngressOptions } from './ingress.ts';
export { DEFAULT_INGRESS_LIMITS, type IngressLimits } from './limits.ts';
