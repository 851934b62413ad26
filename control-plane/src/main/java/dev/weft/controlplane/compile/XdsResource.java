package dev.weft.controlplane.compile;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// A resource ready to be sent, shared by every proxy that gets it.
///
/// @param version hash of the content: the same on every replica and revision, so that a stream
///   that moves from one to the other is sent nothing that it has
/// @param message what goes on the wire
public record XdsResource(ResourceType type, String name, String version, Resource message) {
    private static final int VERSION_BYTES = 12;

    static XdsResource of(ResourceType type, String name, Message content) {
        byte[] bytes = deterministicBytes(content);
        String version = hash(bytes);
        return new XdsResource(
                type,
                name,
                version,
                Resource.newBuilder()
                        .setName(name)
                        .setVersion(version)
                        .setResource(
                                Any.newBuilder()
                                        .setTypeUrl(type.typeUrl())
                                        .setValue(ByteString.copyFrom(bytes)))
                        .build());
    }

    private static byte[] deterministicBytes(Message content) {
        byte[] bytes = new byte[content.getSerializedSize()];
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.useDeterministicSerialization();
        try {
            content.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException("an array of the right size does not take a message", e);
        }
        out.checkNoSpaceLeft();
        return bytes;
    }

    private static String hash(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(digest, 0, VERSION_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
