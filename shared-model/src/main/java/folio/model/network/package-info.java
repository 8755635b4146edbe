/** The recurrent network: its configuration, its weights and what it computes. */
package folio.model.network;
