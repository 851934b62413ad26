/// The test workload: one image that is a server, a load generator, a recorder or a short check.
/// Enter at [TestApp].
///
/// It knows nothing of the mesh. Whether a call went over mutual TLS it sees only from the header
/// `x-forwarded-client-cert` that the server's side received. Every request carries an id,
/// `<client>:<sequence>`, dense from 0, so that the recorder can say which one was lost or came
/// twice.
@NullMarked
package dev.weft.e2e.app;

import org.jspecify.annotations.NullMarked;
