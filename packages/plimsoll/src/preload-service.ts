// What the preload does, in this order: settle what children inherit, then arm the guard.
import './settle-inheritance.ts';
import './auto.ts';
