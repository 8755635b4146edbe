/**
 * The engine: a bounded queue, and one thread that owns all device state. A turn of its loop takes
 * in a new model, admits requests into slots, runs one step for every running slot, and retires
 * what is finished. Plain Java: a test calls one turn by hand.
 */
package folio.inference.engine;
