package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.values.ValueShare;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FileIdTest {
    @Test
    void namesAreParsedBack() {
        Random random = new Random(1);
        for (int i = 0; i < 1_000; i++) {
            FileId id = FileId.random(random::nextLong);
            assertThat(id.name()).hasSize(36).matches("[0-9a-f]{32}\\.sst");
            assertThat(FileId.parse(id.name())).isEqualTo(id);
        }
        assertThat(new FileId(1, -1).name()).isEqualTo("0000000000000001ffffffffffffffff.sst");
    }

    @Test
    void otherNamesAreNone() {
        String name = new FileId(0xabcdefL, 2).name();
        assertThat(FileId.isName(name)).isTrue();
        for (String other : new String[] {
            "",
            ".sst",
            "MANIFEST-0000000000000001",
            name + "x",
            name.substring(1),
            name.toUpperCase(java.util.Locale.ROOT),
            name.replace(".sst", ".tmp"),
            name.replace('a', 'g'),
            "+" + name.substring(1),
            "0x" + name.substring(2)
        }) {
            assertThat(FileId.parse(other)).as(other).isNull();
        }
    }

    @Test
    void namesOfValueFilesAreOthers() {
        FileId id = new FileId(0xabcdefL, 2);
        assertThat(id.valueFileName()).isEqualTo("0000000000abcdef0000000000000002.val");
        assertThat(FileId.parseValueFile(id.valueFileName())).isEqualTo(id);
        assertThat(FileId.parse(id.valueFileName())).isNull();
        assertThat(FileId.parseValueFile(id.name())).isNull();
        assertThat(FileId.isName(id.valueFileName())).isFalse();
        assertThat(FileId.isNameOfAny(id.name()) && FileId.isNameOfAny(id.valueFileName()))
                .isTrue();
        assertThat(FileId.isNameOfAny("x.val")).isFalse();
        assertThat(FileId.of(new ValueShare(0xabcdefL, 2, 9, 0, 9, null))).isEqualTo(id);
    }

    @Test
    void orderIsThatOfNames() {
        Random random = new Random(2);
        for (int i = 0; i < 1_000; i++) {
            FileId a = new FileId(random.nextInt(3) - 1, random.nextLong());
            FileId b = new FileId(random.nextInt(3) - 1, random.nextLong());
            assertThat(Integer.signum(a.compareTo(b)))
                    .isEqualTo(Integer.signum(a.name().compareTo(b.name())));
        }
    }
}
