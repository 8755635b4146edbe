/** The recurrent network: its configuration, its weights and its forward pass. */
package folio.model.network;
