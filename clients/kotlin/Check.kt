// Run by `scripts/clients kotlin-check`: a value that came after the documents is read as unknown, and nothing fails.
import com.fasterxml.jackson.databind.DeserializationFeature
import com.fasterxml.jackson.databind.ObjectMapper
import unionhall.member.models.CardState

fun main() {
    val mapper = ObjectMapper().enable(DeserializationFeature.READ_UNKNOWN_ENUM_VALUES_USING_DEFAULT_VALUE)
    check(mapper.readValue("\"ACTIVE\"", CardState::class.java) == CardState.ACTIVE)
    check(mapper.readValue("\"FROZEN_BY_COURT\"", CardState::class.java) == CardState.UNKNOWN_DEFAULT_OPEN_API)
    println("kotlin-check: compiled, and an unknown value survived")
}
