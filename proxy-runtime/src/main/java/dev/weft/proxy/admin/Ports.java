package dev.weft.proxy.admin;

/// Where the proxy's own ports are; 0 takes any that is free.
///
/// @param admin on 127.0.0.1 only
public record Ports(int admin, int metrics, int health) {
    /// The ports of injection contract 1.
    public static final Ports CONTRACT = new Ports(15000, 15020, 15021);

    /// For tests.
    public static final Ports ANY = new Ports(0, 0, 0);
}
