package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExpiryTest {
    private static final Expiry TTL =
            new Expiry("ttl", List.of(new Expiry.Step(1000, 200), new Expiry.Step(2000, 500)));

    private static FieldReader reader(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        return new FieldReader(bytes, bytes.length, "f", 0);
    }

    private static byte[] bytes(Expiry expiry) {
        FieldWriter out = new FieldWriter();
        expiry.write(out);
        return out.toByteArray();
    }

    @Test
    void theWorkedExample() {
        assertThat(HexFormat.of().formatHex(bytes(TTL))).isEqualTo("0374746ce807c801d00ff403");
        assertThat(Expiry.read(reader("0374746c e807c801 d00ff403"))).isEqualTo(TTL);
        assertThat(TTL.largestMillis()).isEqualTo(2000);
        assertThat(TTL.expiredBytes(999)).isZero();
        assertThat(TTL.expiredBytes(1000)).isEqualTo(200);
        assertThat(TTL.expiredBytes(1999)).isEqualTo(200);
        assertThat(TTL.expiredBytes(2000)).isEqualTo(700);
    }

    @Test
    void whatCannotHaveBeenWrittenIsCorrupt() {
        for (String hex : List.of(
                "0374746c", // no step
                "0374746c e807c801 e807c801", // not rising
                "0374746c d00ff403 e807c801", // falling
                "0374746c e807", // without bytes
                "0374746c 01 ffffffffffffffff7f 02 01", // the sum is no long
                "80020101", // a rule beyond the end
                "0374746c" + steps(17))) { // too many
            assertThatThrownBy(() -> Expiry.read(reader(hex)))
                    .as(hex)
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining("file f");
        }
        assertThat(Expiry.read(reader("0374746c" + steps(16))).steps()).hasSize(16);
    }

    private static String steps(int count) {
        StringBuilder hex = new StringBuilder();
        for (int i = 2; i < count + 2; i++) {
            hex.append(String.format("%02x01", i));
        }
        return hex.toString();
    }

    @Test
    void aWriterGivesStepsThatCanBeRead() {
        Expiry.Step step = new Expiry.Step(1, 1);
        for (List<Expiry.Step> steps : List.of(
                List.<Expiry.Step>of(),
                List.of(step, step),
                List.of(new Expiry.Step(-1, 1)),
                List.of(new Expiry.Step(1, -1)),
                List.of(new Expiry.Step(Long.MAX_VALUE, 1)),
                List.of(new Expiry.Step(1, Long.MAX_VALUE), new Expiry.Step(2, 1)),
                Collections.nCopies(17, step))) {
            assertThatThrownBy(() -> new Expiry("ttl", steps)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> new Expiry("x".repeat(256), List.of(step)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Expiry("\uD800", List.of(step))).isInstanceOf(IllegalArgumentException.class);
        Expiry largest = new Expiry("ttl", List.of(new Expiry.Step(Long.MAX_VALUE - 1, Long.MAX_VALUE)));
        assertThat(Expiry.read(reader(HexFormat.of().formatHex(bytes(largest)))))
                .isEqualTo(largest);
        assertThatThrownBy(() -> new EventTimes(2, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
