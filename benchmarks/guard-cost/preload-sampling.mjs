// The least a guard does: the inspector is open and the allocation profile is being sampled.
import { openInspector, startAllocationSampling } from '@plimsoll/inspect';

openInspector();
startAllocationSampling();
