package dev.weft.proxy.xds;

/// Is told how the conversation goes.
public interface XdsEvents {
    void accepted(ResourceType type);

    void refused(String typeUrl);

    /// A response of a control plane that is being left, and was not looked at.
    void ignored(ResourceType type);

    /// @param revision of the control plane whose stream counts now
    void connected(String revision);

    void disconnected(String revision);
}
