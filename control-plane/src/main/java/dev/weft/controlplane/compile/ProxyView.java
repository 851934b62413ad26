package dev.weft.controlplane.compile;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What one proxy gets of a [Compilation].
public final class ProxyView {
    private final Compilation compilation;
    private final String namespace;
    private final Unit.Inbound inbound;

    ProxyView(Compilation compilation, String namespace, Unit.Inbound inbound) {
        this.compilation = compilation;
        this.namespace = namespace;
        this.inbound = inbound;
    }

    /// Resources that are this proxy's own: they may change without being among
    /// [Compilation#changes(ResourceType)].
    public static Set<String> ownNames(ResourceType type) {
        return type == ResourceType.LISTENER ? Set.of(Names.VIRTUAL_INBOUND) : Set.of();
    }

    /// Null if there is none of that name.
    public @Nullable XdsResource get(ResourceType type, String name) {
        return switch (type) {
            case LISTENER ->
                    name.equals(Names.VIRTUAL_INBOUND)
                            ? compilation.inbound(inbound)
                            : compilation.shared(type).get(name);
            case ROUTES -> compilation.routes(namespace, name);
            case CLUSTER, ENDPOINTS -> compilation.shared(type).get(name);
        };
    }

    /// The names of all that it can get.
    public Set<String> names(ResourceType type) {
        return Stream.concat(compilation.shared(type).keySet().stream(), ownNames(type).stream())
                .collect(Collectors.toSet());
    }
}
