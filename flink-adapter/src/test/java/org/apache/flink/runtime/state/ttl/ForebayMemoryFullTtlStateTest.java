package org.apache.flink.runtime.state.ttl;

class ForebayMemoryFullTtlStateTest extends ForebayTtlStateTestBase {
    ForebayMemoryFullTtlStateTest() {
        super(false, false);
    }
}
