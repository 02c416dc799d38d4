internal import CMariaDB
import EggSQL
import Glibc

nonisolated extension SQLError {
  /// An error of the server or of the client library.
  ///
  /// Library errors get the codes that Egg's users know: `ECONNREFUSED`, `ETIMEDOUT`,
  /// `PROTOCOL_CONNECTION_LOST` …
  static func mysql(_ number: UInt32, _ state: String, _ message: String, sql: String) -> SQLError {
    let isClient = number >= UInt32(CR_MIN_ERROR) && number <= 5999
    guard isClient else {
      return SQLError(
        code: serverNames[Int(number)] ?? "ER_\(number)", errno: Int(number), sqlState: state,
        message, sql: sql, isFatal: fatalNumbers.contains(Int(number)))
    }
    return SQLError(
      code: clientCode(number, message), errno: Int(number), sqlState: state, message, sql: sql,
      isFatal: true)
  }

  private static func clientCode(_ number: UInt32, _ message: String) -> String {
    switch Int32(number) {
    case CR_SERVER_GONE_ERROR, CR_SERVER_LOST, CR_SERVER_LOST_EXTENDED:
      return "PROTOCOL_CONNECTION_LOST"
    case CR_CONNECTION_ERROR, CR_CONN_HOST_ERROR, CR_IPSOCK_ERROR:
      // The library puts errno at the end, in parentheses.
      let digits = message.reversed().drop { $0 != ")" }.dropFirst().prefix { $0.isNumber }
      return Int32(String(digits.reversed())).map { systemCode($0) } ?? "ECONNECT"
    case CR_UNKNOWN_HOST: return "ENOTFOUND"
    case CR_SSL_CONNECTION_ERROR: return "HANDSHAKE_SSL_ERROR"
    default: return "CR_\(number)"
    }
  }

  /// The system could not connect to `place`, and says why.
  static func connect(_ number: Int32, _ place: String) -> SQLError {
    SQLError(
      code: systemCode(number), errno: Int(CR_CONN_HOST_ERROR), sqlState: "HY000",
      "connect to \(place): \(String(cString: strerror(number)))", isFatal: true)
  }

  private static func systemCode(_ number: Int32) -> String {
    switch number {
    case ECONNREFUSED: "ECONNREFUSED"
    case ETIMEDOUT: "ETIMEDOUT"
    case ENOENT: "ENOENT"
    case EACCES: "EACCES"
    case EHOSTUNREACH: "EHOSTUNREACH"
    case ENETUNREACH: "ENETUNREACH"
    case ECONNRESET: "ECONNRESET"
    default: "ECONNECT"
    }
  }

  /// A time limit of ours.
  static func timeout(_ code: String, _ message: String, sql: String = "") -> SQLError {
    SQLError(code: code, message, sql: sql, isFatal: true)
  }

  /// The server has not answered a statement in time.
  static func mysqlTimeout(_ limit: Int, sql: String) -> SQLError {
    timeout(
      "PROTOCOL_SEQUENCE_TIMEOUT", "Query inactivity timeout: no answer within \(limit)ms", sql: sql
    )
  }

  static let connectionLost = SQLError(
    code: "PROTOCOL_CONNECTION_LOST", "Connection lost: The server closed the connection.",
    isFatal: true)

  /// The server says them and hangs up.
  private static let fatalNumbers: Set<Int> = [
    1040, 1053, 1080, 1152, 1153, 1158, 1159, 1160, 1161,
    1184, 1927, 4031,
  ]

  /// Those that programs ask for; others are `ER_` and the number.
  private static let serverNames: [Int: String] = [
    1005: "ER_CANT_CREATE_TABLE", 1006: "ER_CANT_CREATE_DB", 1007: "ER_DB_CREATE_EXISTS",
    1008: "ER_DB_DROP_EXISTS", 1021: "ER_DISK_FULL", 1022: "ER_DUP_KEY",
    1036: "ER_OPEN_AS_READONLY", 1037: "ER_OUTOFMEMORY", 1040: "ER_CON_COUNT_ERROR",
    1043: "ER_HANDSHAKE_ERROR", 1044: "ER_DBACCESS_DENIED_ERROR", 1045: "ER_ACCESS_DENIED_ERROR",
    1046: "ER_NO_DB_ERROR", 1047: "ER_UNKNOWN_COM_ERROR", 1048: "ER_BAD_NULL_ERROR",
    1049: "ER_BAD_DB_ERROR", 1050: "ER_TABLE_EXISTS_ERROR", 1051: "ER_BAD_TABLE_ERROR",
    1052: "ER_NON_UNIQ_ERROR", 1053: "ER_SERVER_SHUTDOWN", 1054: "ER_BAD_FIELD_ERROR",
    1055: "ER_WRONG_FIELD_WITH_GROUP", 1058: "ER_WRONG_VALUE_COUNT", 1060: "ER_DUP_FIELDNAME",
    1061: "ER_DUP_KEYNAME", 1062: "ER_DUP_ENTRY", 1064: "ER_PARSE_ERROR", 1065: "ER_EMPTY_QUERY",
    1066: "ER_NONUNIQ_TABLE", 1067: "ER_INVALID_DEFAULT", 1068: "ER_MULTIPLE_PRI_KEY",
    1080: "ER_FORCING_CLOSE", 1094: "ER_NO_SUCH_THREAD", 1099: "ER_TABLE_NOT_LOCKED_FOR_WRITE",
    1100: "ER_TABLE_NOT_LOCKED", 1104: "ER_TOO_BIG_SELECT", 1106: "ER_UNKNOWN_PROCEDURE",
    1109: "ER_UNKNOWN_TABLE", 1114: "ER_RECORD_FILE_FULL", 1115: "ER_UNKNOWN_CHARACTER_SET",
    1118: "ER_TOO_BIG_ROWSIZE", 1129: "ER_HOST_IS_BLOCKED", 1130: "ER_HOST_NOT_PRIVILEGED",
    1136: "ER_WRONG_VALUE_COUNT_ON_ROW", 1142: "ER_TABLEACCESS_DENIED_ERROR",
    1143: "ER_COLUMNACCESS_DENIED_ERROR", 1146: "ER_NO_SUCH_TABLE", 1149: "ER_SYNTAX_ERROR",
    1152: "ER_ABORTING_CONNECTION", 1153: "ER_NET_PACKET_TOO_LARGE",
    1158: "ER_NET_READ_ERROR", 1159: "ER_NET_READ_INTERRUPTED", 1160: "ER_NET_ERROR_ON_WRITE",
    1161: "ER_NET_WRITE_INTERRUPTED", 1169: "ER_DUP_UNIQUE",
    1184: "ER_NEW_ABORTING_CONNECTION", 1192: "ER_LOCK_OR_ACTIVE_TRANSACTION",
    1193: "ER_UNKNOWN_SYSTEM_VARIABLE", 1203: "ER_TOO_MANY_USER_CONNECTIONS",
    1205: "ER_LOCK_WAIT_TIMEOUT", 1206: "ER_LOCK_TABLE_FULL",
    1207: "ER_READ_ONLY_TRANSACTION", 1210: "ER_WRONG_ARGUMENTS",
    1211: "ER_NO_PERMISSION_TO_CREATE_USER",
    1213: "ER_LOCK_DEADLOCK", 1216: "ER_NO_REFERENCED_ROW", 1217: "ER_ROW_IS_REFERENCED",
    1222: "ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT", 1226: "ER_USER_LIMIT_REACHED",
    1227: "ER_SPECIFIC_ACCESS_DENIED_ERROR", 1230: "ER_NO_DEFAULT", 1231: "ER_WRONG_VALUE_FOR_VAR",
    1232: "ER_WRONG_TYPE_FOR_VAR", 1241: "ER_OPERAND_COLUMNS", 1242: "ER_SUBQUERY_NO_1_ROW",
    1243: "ER_UNKNOWN_STMT_HANDLER", 1264: "ER_WARN_DATA_OUT_OF_RANGE", 1265: "WARN_DATA_TRUNCATED",
    1267: "ER_CANT_AGGREGATE_2COLLATIONS", 1273: "ER_UNKNOWN_COLLATION",
    1290: "ER_OPTION_PREVENTS_STATEMENT", 1292: "ER_TRUNCATED_WRONG_VALUE",
    1295: "ER_UNSUPPORTED_PS", 1300: "ER_INVALID_CHARACTER_STRING", 1305: "ER_SP_DOES_NOT_EXIST",
    1317: "ER_QUERY_INTERRUPTED", 1364: "ER_NO_DEFAULT_FOR_FIELD", 1365: "ER_DIVISION_BY_ZERO",
    1366: "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD", 1367: "ER_ILLEGAL_VALUE_FOR_TYPE",
    1370: "ER_PROCACCESS_DENIED_ERROR", 1390: "ER_PS_MANY_PARAM", 1406: "ER_DATA_TOO_LONG",
    1407: "ER_SP_BAD_SQLSTATE", 1411: "ER_WRONG_VALUE_FOR_TYPE", 1451: "ER_ROW_IS_REFERENCED_2",
    1452: "ER_NO_REFERENCED_ROW_2", 1461: "ER_MAX_PREPARED_STMT_COUNT_REACHED",
    1525: "ER_WRONG_VALUE", 1526: "ER_NO_PARTITION_FOR_GIVEN_VALUE",
    1586: "ER_DUP_ENTRY_WITH_KEY_NAME",
    1615: "ER_NEED_REPREPARE", 1690: "ER_DATA_OUT_OF_RANGE",
    1698: "ER_ACCESS_DENIED_NO_PASSWORD_ERROR",
    1792: "ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION", 1927: "ER_CONNECTION_KILLED",
    1969: "ER_STATEMENT_TIMEOUT", 3024: "ER_QUERY_TIMEOUT", 3819: "ER_CHECK_CONSTRAINT_VIOLATED",
    4025: "ER_CONSTRAINT_FAILED", 4031: "ER_CLIENT_INTERACTION_TIMEOUT",
  ]
}
