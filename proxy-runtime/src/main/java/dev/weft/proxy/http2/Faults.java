package dev.weft.proxy.http2;

/// Hears what a peer did wrong where nobody else hears of it. Called on the connection's event
/// loop.
public interface Faults {
    /// For connections whose owner learns enough from their end.
    Faults UNHEARD =
            new Faults() {
                @Override
                public void malformed() {}

                @Override
                public void tooLarge() {}

                @Override
                public void connection() {}
            };

    /// A message that should have opened a stream is malformed; the stream is reset.
    void malformed();

    /// Its headers are larger than the settings allow; the stream is reset.
    void tooLarge();

    /// The connection ends by a GOAWAY with an error.
    void connection();
}
