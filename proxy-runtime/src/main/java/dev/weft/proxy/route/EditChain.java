package dev.weft.proxy.route;

/// Joins edits of several levels. As in Envoy the more specific one comes first, and each is done
/// as a whole before the next: what a virtual host removes, its routes cannot add.
public final class EditChain {
    private EditChain() {}

    public static HeaderEdits both(HeaderEdits first, HeaderEdits then) {
        if (first.equals(HeaderEdits.NONE)) {
            return then;
        }
        if (then.equals(HeaderEdits.NONE)) {
            return first;
        }
        var next = first.then();
        return new HeaderEdits(
                first.edits(), first.removes(), next == null ? then : both(next, then));
    }
}
