/** The vocabulary between the API and the engine: valid requests, their events and streams. */
package folio.inference.generation;
