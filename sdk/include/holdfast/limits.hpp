// Every bound of the SDK, with its default and its reason, in one place.
//
// Those that an app may change are the defaults of a field of the same meaning in options.hpp; the
// others hold for everybody. Sizes are bytes unless the name says otherwise.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace holdfast::limits {

using namespace std::chrono_literals;

// --- What an app may send and name -----------------------------------------------------------

/// Largest payload of one message. A larger one holds a slow link for minutes and cannot be
/// interrupted by an urgent one: cut it into parts.
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{256} * 1024;
/// Longest topic or topic filter. MQTT allows 65,535; every byte is paid for with each message.
inline constexpr std::size_t kMaxTopicBytes = 1024;
/// Longest client identifier. MQTT 5 section 3.1.3.1 only obliges a broker to take 23; all brokers
/// we know take 128.
inline constexpr std::size_t kMaxClientIdBytes = 128;
/// Longest user name; the same for the password (MQTT allows 65,535; tokens stay below 8 KiB).
inline constexpr std::size_t kMaxCredentialBytes = std::size_t{8} * 1024;
/// Largest config file. One with every key and a sentence on each has 8 KiB.
inline constexpr std::size_t kMaxConfigBytes = std::size_t{64} * 1024;
/// Pins in one set: one in service, one backup, and room for a rotation of several brokers.
inline constexpr std::size_t kMaxPins = 16;
/// Bytes of a signed pin set: sixty root changes of three keys each fit.
inline constexpr std::size_t kMaxPinSetBytes = std::size_t{64} * 1024;
/// Keys that may sign pin sets, at one time.
inline constexpr std::size_t kMaxRootKeys = 16;
/// Root keys that a signed pin set carries, the first and all that replaced them.
inline constexpr std::size_t kMaxRootChanges = 64;
/// Keys that one signed pin set revokes.
inline constexpr std::size_t kMaxRevokedKeys = 64;
/// Longest time over which a fleet may spread the reconnections that prove a new pin set.
inline constexpr auto kMaxSpread = std::chrono::seconds(7 * 24h);
/// How far the newest time that a device has seen moves before it is written down again.
inline constexpr auto kTimeFloorStep = std::chrono::seconds(6h);
/// Filters with a handler in one device.
inline constexpr std::size_t kMaxSubscriptions = 64;
/// Longest key of a message that replaces another.
inline constexpr std::size_t kMaxKeyBytes = 128;
/// Longest content type that a message may carry: a media type with parameters. It is paid for with
/// each message.
inline constexpr std::size_t kMaxContentTypeBytes = 256;
/// Longest correlation data. MQTT allows 65,535; a UUID as text has 36.
inline constexpr std::size_t kMaxCorrelationBytes = 256;
/// Streams of one device.
inline constexpr std::size_t kMaxStreams = 64;

// --- The budget ---------------------------------------------------------------------------------

/// The smallest allowance of a month: one connection a day takes about as much.
inline constexpr std::uint64_t kMinBudgetBytes = std::uint64_t{64} * 1024;
/// The largest: sums stay far from the end of 64 bits.
inline constexpr std::uint64_t kMaxBudgetBytes = std::uint64_t{1} << 50;
/// The most by which a budget stretches a delay budget. Beyond, a message that was due in five
/// minutes would be an hour late, and a batch of eight has saved most of what batches save.
inline constexpr unsigned kMaxBatchingFactor = 8;
/// What was used is written down when it has grown by this share of the allowance, and after this
/// time: that is what a loss of power may leave out of the sum, against wear of the flash.
inline constexpr unsigned kBudgetKeepPercent = 1;
inline constexpr auto kBudgetKeepTime = std::chrono::seconds(6h);

// --- Queues ------------------------------------------------------------------------------------

/// Messages that wait or are under way in the outbox.
inline constexpr std::size_t kOutboxMessages = 100'000;
/// Payload and topic bytes of those messages.
inline constexpr std::size_t kOutboxBytes = std::size_t{16} * 1024 * 1024;
/// The outbox's file. 256 MiB are a week of a message of 100 bytes each second, three times over.
inline constexpr std::uint64_t kOutboxFileBytes = std::uint64_t{256} * 1024 * 1024;
/// Messages in one commit, and how long it waits for more of them: a commit makes the flash write
/// four pages or so, whatever it holds, and a person does not notice 10 ms.
inline constexpr std::size_t kGroupMessages = 256;
inline constexpr auto kGroupTime = std::chrono::milliseconds(10);
/// Durable messages that wait for the disk; a publish beyond is refused, an urgent one at twice as
/// many. A second of any load that a board can make, and little memory.
inline constexpr std::size_t kUnstoredMessages = 32'768;
inline constexpr std::size_t kUnstoredBytes = std::size_t{8} * 1024 * 1024;
/// Stored messages that are in memory as well: twice what may be under way, so that sending never
/// waits for the disk. The others are read when it is their turn.
inline constexpr std::size_t kShelfMessages = 2'048;
inline constexpr std::size_t kShelfBytes = std::size_t{1024} * 1024;
/// As many are read at a time.
inline constexpr std::size_t kPageMessages = 512;
inline constexpr std::size_t kPageBytes = std::size_t{256} * 1024;
/// Messages that are numbered ahead of their hand-over: as many as may be under way.
inline constexpr std::size_t kNumberedAhead = 128;
/// Payload of a message that readings share: with its topic and the record around it, one segment
/// also where a tunnel takes its part of the MTU. A longer one saves little, and costs more when it
/// is lost.
inline constexpr std::size_t kBatchBytes = 1'200;
/// The most that an app may ask for: one TLS record.
inline constexpr std::size_t kMaxBatchBytes = std::size_t{16} * 1024;
/// Messages that are made one at a time; what is more goes into the next.
inline constexpr std::size_t kBatchMessages = 1'024;
/// Damaged files that are kept for somebody who may get rows out of them.
inline constexpr unsigned kDamagedFiles = 4;
/// Rows of acknowledged messages are removed together, after this time or in this number: one that
/// a loss of power brings back is a second copy and nothing worse.
inline constexpr auto kRemovalTime = std::chrono::milliseconds(1'000);
inline constexpr std::size_t kRemovals = 1'024;
/// How long a disk that failed is left alone: at first, and at most.
inline constexpr auto kDiskRest = std::chrono::milliseconds(1'000);
inline constexpr auto kDiskRestMost = std::chrono::milliseconds(60'000);
/// How often the time that has passed is written down while messages with a time to live wait.
inline constexpr auto kOutboxClockStep = std::chrono::milliseconds(3'600'000);
/// Connections that the broker may end while one message is the first that is not acknowledged; the
/// last time it is sent alone, on a line that has lasted for a while without it. Then it is set
/// aside: a broker that ends each connection at once is no reason to give up one message after the
/// other.
inline constexpr unsigned kStrikes = 3;
inline constexpr auto kProbation = 2s;
/// Received messages that wait for their handler; what comes beyond is counted and dropped, so that
/// a slow handler never keeps acknowledgements from being read.
inline constexpr std::size_t kInboundMessages = 1'000;
/// Payload bytes of those messages.
inline constexpr std::size_t kInboundBytes = std::size_t{4} * 1024 * 1024;
/// Events that wait for the event handler; what comes beyond is dropped and counted.
inline constexpr std::size_t kEvents = 1'000;
/// QoS 1 and 2 publishes without an acknowledgement. Those of QoS 1 are sent, and paid for, again
/// when the connection breaks, so more would cost; a broker may ask for less (MQTT 5 Receive
/// Maximum).
inline constexpr std::size_t kMaxInFlight = 100;
/// Received messages that MQTT may have on their way to us unacknowledged (MQTT 5 Receive Maximum).
inline constexpr std::uint16_t kReceiveMaximum = 64;
/// Largest MQTT packet taken from the broker (MQTT 5 Maximum Packet Size): a payload with its topic
/// and properties. A broker that sends more is disconnected.
inline constexpr std::size_t kMaxInboundPacketBytes = kMaxPayloadBytes + std::size_t{64} * 1024;

// --- Between the outbox and the wire ----------------------------------------------------------

/// Bytes that may have left the outbox and not yet be with the broker before a rate was measured.
inline constexpr std::size_t kInitialWindowBytes = std::size_t{8} * 1024;
/// The least that this window shrinks to on a slow link: three seconds at 2 kbit/s, so that urgent
/// data is through in five, and still a few readings in one record.
inline constexpr std::size_t kMinWindowBytes = 768;
/// The most that it grows to: beyond, a fast link gains nothing and memory is lost.
inline constexpr std::size_t kMaxWindowBytes = std::size_t{256} * 1024;
/// The window holds what the link carries in this time.
inline constexpr auto kWindowTime = 2s;
/// Round trips that are twice as long as the shortest one, and longer by this, mean that a queue
/// stands on the way. Radio links alone vary by less.
inline constexpr auto kStandingQueue = 500ms;
/// How often a full window is looked at, at least and at most: TCP acknowledges without a word.
inline constexpr auto kWindowLookLeast = 1ms;
inline constexpr auto kWindowLookMost = 250ms;
/// For how long a full window is watched, at least, for the rate of the path.
inline constexpr auto kWindowMeasure = 20ms;
/// A TLS record carries at most 16 KiB of plain text (RFC 8446 section 5.1).
inline constexpr std::size_t kMaxRecordBytes = std::size_t{16} * 1024;
/// How long the relay waits for a packet that it knows is coming before it closes a record, and how
/// long it goes on waiting as long as they do come.
inline constexpr auto kGatherTime = 2ms;
inline constexpr auto kGatherMost = 20ms;
/// How long packets of ours wait for a SUBSCRIBE that Paho was handed before, so that no answer to
/// a request comes before its subscription. As a rule it comes within a millisecond.
inline constexpr auto kSubscribeTime = std::chrono::milliseconds(1'000);
/// How often it looks for them meanwhile. To be woken for each packet costs several system calls,
/// this a few for dozens.
inline constexpr auto kGatherStep = 50us;
/// How often acknowledgements are read while many are under way: a broker sends each as a record of
/// its own, and each would let one message go. Measured at QoS 1: half the CPU time, and 196 bytes
/// a message instead of 256.
inline constexpr auto kAckStep = 250us;
/// Unacknowledged messages from which on acknowledgements are read in that rhythm.
inline constexpr std::size_t kManyInFlight = 16;

// --- Commands ----------------------------------------------------------------------------------

/// Commands that are remembered so that none is run twice: one in twenty seconds, for a day. More
/// in a shorter time are refused.
inline constexpr std::size_t kRememberedCommands = 4'096;
/// How long a command is remembered at least, in time that the device is running; longer where
/// `Options::session_expiry` is, which bounds how late a broker may bring a message once more.
inline constexpr auto kCommandReach = std::chrono::seconds(24h);
/// Beyond that: what passes between a message and the loss of its connection, and the step below.
inline constexpr auto kCommandReachMargin = std::chrono::seconds(2h);
/// A second copy is written down as seen if the one before is so long ago.
inline constexpr auto kCommandSeenStep = std::chrono::seconds(1h);
/// Bytes of the replies that are kept for second copies, and of one of them. The oldest go first.
inline constexpr std::size_t kKeptReplyBytes = std::size_t{256} * 1024;
inline constexpr std::size_t kMaxKeptReplyBytes = std::size_t{32} * 1024;
/// The file of commands is written anew when it has twice the bytes that it needs, and so many.
inline constexpr std::size_t kCommandLogSlack = std::size_t{64} * 1024;
/// Longest text of an error that answers a command.
inline constexpr std::size_t kMaxCommandErrorBytes = 1024;
/// An answer is worth something until the command's deadline and this; without a deadline for a
/// day.
inline constexpr auto kReplyGrace = std::chrono::milliseconds(60s);
inline constexpr auto kReplyTime = std::chrono::milliseconds(24h);
/// Calls that wait for their answers.
inline constexpr std::size_t kMaxCalls = 256;
/// How long a call waits for its answer, unless told: three round trips on a slow link.
inline constexpr auto kCallDeadline = std::chrono::milliseconds(30s);
/// Brokers with which a device knows to have a session: the first, its fallbacks, and some that
/// they have named.
inline constexpr std::size_t kMarkedBrokers = 16;

// --- Waits -------------------------------------------------------------------------------------

/// Name resolution as a whole. resolv.conf's own defaults (5 s, 2 attempts, 3 servers) end at 30 s.
inline constexpr auto kResolveTimeout = 30s;
/// How long an address is used before its name is asked for again. The resolver does not tell the
/// TTL of an answer; a stale one does no harm, because a pin is checked and not an address, and an
/// address that fails is looked up at once. Asking costs a metered link some 300 bytes each time.
/// RFC 8767 (section 5) lets a resolver itself serve stale answers for one to three days.
inline constexpr auto kAddressLifetime = std::chrono::seconds(24h);
inline constexpr auto kMaxAddressLifetime = std::chrono::seconds(30 * 24h);
/// Brokers besides the first: two sites with a few machines each, all named.
inline constexpr std::size_t kMaxFallbackBrokers = 7;
/// How long the fallback broker that worked is tried first: often enough to come home within the
/// hour, seldom enough that a first broker which is down for days does not cost a failed attempt
/// with each reconnection.
inline constexpr auto kFallbackPreference = std::chrono::seconds(1h);
/// TCP connection to one address: four SYNs (1, 2, 4, 8 s), what a satellite link may need.
inline constexpr auto kConnectTimeout = 15s;
/// TLS handshake with one address: two round trips on a bad 3G link, with retransmissions.
inline constexpr auto kHandshakeTimeout = 30s;
/// An HTTP proxy's answer to CONNECT, its header as a whole: proxies themselves stop at 8 KiB or 64
/// lines, and all that is of use is in the first.
inline constexpr std::size_t kMaxProxyReplyBytes = std::size_t{8} * 1024;
inline constexpr std::size_t kMaxProxyReplyLines = 64;
/// User name and password of the proxy, each: with both of them the request stays one segment.
inline constexpr std::size_t kMaxProxyCredentialBytes = 255;
/// A protocol name in ALPN (RFC 7301 section 3.1).
inline constexpr std::size_t kMaxAlpnBytes = 255;
/// The private pipe: Paho dials a listener in the same process.
inline constexpr auto kPipeTimeout = 10s;
/// CONNECT until CONNACK.
inline constexpr auto kConnackTimeout = 30s;
/// PINGREQ until PINGRESP, and data until the TCP acknowledgement (TCP_USER_TIMEOUT): a line that
/// is silent for longer is dead.
inline constexpr auto kResponseTimeout = 20s;
/// PUBLISH until its acknowledgement, on a line that is otherwise alive. Then the session is made
/// anew, because MQTT 5 lets a client send again only on a new connection (section 4.4).
inline constexpr auto kAckTimeout = 120s;
/// Each step of closing: DISCONNECT flushed, close_notify flushed, the peer's end seen.
inline constexpr auto kCloseTimeout = 2s;
/// `Device::stop` as a whole, unless told.
inline constexpr auto kStopTimeout = 5s;
/// A connection that has lasted this long resets the backoff. A broker that takes a CONNECT and
/// then closes must not be dialled in a tight loop.
inline constexpr auto kStableTime = 30s;
/// Backoff: the first bound and the last (full jitter below it).
inline constexpr auto kBackoffBase = 1s;
inline constexpr auto kBackoffCap = 5min;
/// A network that comes and goes lets a waiting device try at once no more often than this.
inline constexpr auto kNetworkChangeInterval = 5s;
/// Longest Server Reference that is looked at (MQTT 5 section 4.11): several names with ports.
inline constexpr std::size_t kMaxServerReferenceBytes = 1'024;
/// How often in a row a device lets itself be sent to another broker before it waits: brokers that
/// name each other must not keep it running in a circle.
inline constexpr unsigned kMaxReferrals = 3;
/// How long the word of a broker that has moved counts. Then its own address is asked again, in
/// case the word was wrong.
inline constexpr auto kMovedFor = std::chrono::seconds(24h);

// --- Holding the line --------------------------------------------------------------------------

/// Between two TCP keep-alive probes, before anything was learned of a network: mobile carriers
/// drop idle mappings after some minutes, five as a rule.
inline constexpr auto kFirstProbeInterval = std::chrono::seconds(4min);
/// The least and the most that is learned. RFC 5382 section 5 (REQ-5) has a NAT keep an idle TCP
/// mapping for 2 h 4 min; below half a minute a line costs more than it is worth.
inline constexpr auto kMinProbeInterval = std::chrono::seconds(30s);
inline constexpr auto kMaxProbeInterval = std::chrono::seconds(2h);
/// The least between two MQTT pings for the sake of a proxy that closes idle connections.
inline constexpr auto kMinPingInterval = std::chrono::seconds(10s);
/// Networks of which the interval is remembered: home, depot, two modems, and some on the way.
inline constexpr std::size_t kLearnedNetworks = 16;
/// IP bytes of a probe and of an MQTT ping with their answers (IPv4, TCP timestamps).
inline constexpr unsigned kProbeIpBytes = 104;
inline constexpr unsigned kPingIpBytes = 204;
/// IP bytes of a close in order, and of a set-up before one was measured.
inline constexpr unsigned kCloseIpBytes = 230;
inline constexpr unsigned kSetupIpBytes = 2'150;
/// A line that has just been used is not given up: more often comes soon.
inline constexpr auto kRestAfter = std::chrono::seconds(5s);
/// How long before a message is due a resting session dials: twice what set-ups have taken, within
/// these bounds; the middle one before one was measured.
inline constexpr auto kMinDialLead = std::chrono::seconds(1s);
inline constexpr auto kFirstDialLead = std::chrono::seconds(10s);
inline constexpr auto kMaxDialLead = std::chrono::seconds(60s);
/// How long a dead line may go unnoticed by a device that wants to be reachable.
inline constexpr auto kReachableWithin = 15min;
/// How long the broker keeps subscriptions and queued messages of an absent device.
inline constexpr auto kSessionExpiry = 24h;

// --- Presence and state documents
// -----------------------------------------------------------------

/// How often a status is published anew for its sums alone: a carrier's bill is by day, and so are
/// an operator's questions.
inline constexpr auto kPresenceRefresh = std::chrono::seconds(24h);
/// The least of it: more often is a stream of readings, which the app can send in fewer bytes.
inline constexpr auto kMinPresenceRefresh = std::chrono::seconds(1h);
/// How long the status of a device that is online anyway waits for another message to ride along.
inline constexpr auto kPresencePatience = std::chrono::seconds(1h);
/// When a status that found no room, or that the broker refused, is tried again.
inline constexpr auto kPresenceRetry = std::chrono::seconds(10min);
/// The body of a state document: configuration and state, not data. Both documents and what is kept
/// of them fit into a flash page or few, and a slow link carries one in half a minute.
inline constexpr std::size_t kMaxStateBytes = std::size_t{8} * 1024;
/// State documents of one device.
inline constexpr std::size_t kMaxStateDocuments = 8;
/// A report that found no room in the outbox is tried again after this.
inline constexpr auto kStateRetry = std::chrono::seconds(60s);
/// A back end whose desired versions go backwards is told ours no more often than this.
inline constexpr auto kStateAnswerInterval = std::chrono::seconds(1h);

/// How long every key of the pin set has to be refused before the recovery broker is dialled:
/// longer than an operator needs to notice and mend a wrong certificate.
inline constexpr auto kRecoveryAfter = 24h;
/// How long the recovery broker may take to hand out a pin set once the device is subscribed.
inline constexpr auto kRecoveryVisit = 30s;
/// Refused keys are reported to the broker no more often than this.
inline constexpr auto kPinReportInterval = 1h;

// --- Resumed TLS sessions ----------------------------------------------------------------------

/// How long after a full handshake its key may vouch for resumed sessions. A broker goes on
/// resuming after its key was replaced: so long a key that was stolen and exchanged may serve its
/// thief.
inline constexpr auto kResumptionAge = std::chrono::seconds(7 * 24h);
/// The most that an app may allow.
inline constexpr auto kMaxResumptionAge = std::chrono::seconds(30 * 24h);
/// How many resumptions may follow one full handshake while no trustworthy wall clock measures that
/// time: at one reconnection an hour about two days.
inline constexpr unsigned kResumptionsWithoutClock = 50;
/// The most that an app may allow.
inline constexpr unsigned kMaxResumptionsWithoutClock = 1'000;
/// A ticket lives for at most seven days, whatever the server says (RFC 8446 section 4.6.1).
inline constexpr auto kMaxTicketLifetime = std::chrono::seconds(7 * 24h);
/// A session as it is kept, with its secret, its ticket and the broker's chain of certificates.
/// What is larger is not kept.
inline constexpr std::size_t kMaxTicketBytes = std::size_t{16} * 1024;
/// The ticket in it, which every resumption sends: wolfSSL 5.5 cannot offer a longer one. By then a
/// resumption costs about what a full handshake does.
inline constexpr std::size_t kMaxOfferedTicketBytes = 1'536;
/// Brokers whose tickets are kept at one time.
inline constexpr std::size_t kMaxTicketPeers = 4;
/// How often one ticket is offered while nobody answers: on a bad link most attempts end before the
/// broker has seen it, and with a broker that dies of it this must end.
inline constexpr unsigned kTicketOffers = 3;
/// While one of a full and a resumed handshake is the cheaper, the other is tried once in so many
/// connections, because a broker may have changed.
inline constexpr unsigned kCostLookAgain = 50;

// --- The ledger ---------------------------------------------------------------------------------

/// Days that the ledger tells apart: two billing periods.
inline constexpr std::size_t kLedgerDays = 62;
/// How often a connection that stands is looked at for the ledger; so much of a day may be counted
/// to the next.
inline constexpr auto kLedgerStep = std::chrono::seconds(60s);
/// The ledger is written when a connection ends, but no more often than this: flash wears out, and
/// a link that flaps must not wear it out.
inline constexpr auto kLedgerRest = std::chrono::seconds(10min);
/// It is written at least this often while there is something new: a vehicle's power goes when its
/// driver parks, and that must not lose the drive. 24 small writes a day are nothing to a flash.
inline constexpr auto kLedgerInterval = std::chrono::seconds(1h);

// --- Events and the status socket ----------------------------------------------------------------

/// Events that are kept in `state_dir`, and the bytes that each takes there: 256 KiB in all, a
/// drive of a day with a bad link. Longer texts are cut.
inline constexpr std::size_t kKeptEvents = 512;
inline constexpr std::size_t kKeptEventBytes = 512;
/// An event that equals one of the last so many is counted there and takes no room of its own:
/// "connecting" and what becomes of it alternate.
inline constexpr std::size_t kEventsLookedBack = 8;
/// Of one kind, more than so many within this time are counted in the last of them: a flood must
/// not wash out the event that tells its cause.
inline constexpr std::size_t kEventsOfAKind = 16;
inline constexpr auto kEventFloodTime = std::chrono::seconds(60s);
/// When the file of events is tried again after it could not be written.
inline constexpr auto kEventRetry = std::chrono::seconds(60s);

/// Clients that the status socket serves at one time, and how many of them may be streams; others
/// wait in the kernel's queue, which is as long as the last.
inline constexpr std::size_t kStatusClients = 4;
inline constexpr std::size_t kStatusStreams = 2;
inline constexpr int kStatusBacklog = 8;
/// A request line with its end: a word and a number.
inline constexpr std::size_t kStatusRequestBytes = 128;
/// Request and answer as a whole; of a stream, how long its client may leave it unread.
inline constexpr auto kStatusTime = std::chrono::milliseconds(5s);
/// Between two clients, so that one who asks in a tight loop cannot slow the device down.
inline constexpr auto kStatusStep = std::chrono::milliseconds(10);
/// What may wait for the client of a stream. What does not fit is left out, and the client told.
inline constexpr std::size_t kStatusStreamBytes = std::size_t{256} * 1024;
/// What may wait for the client of a trace, and how long it may leave that unread: somebody may
/// look at a packet in the meantime.
inline constexpr std::size_t kTraceBytes = std::size_t{1} * 1024 * 1024;
inline constexpr auto kTracePatience = std::chrono::seconds(60s);
/// Events that are told unless the request names a number.
inline constexpr std::size_t kStatusEvents = 20;

// --- Payloads ----------------------------------------------------------------------------------

/// Nesting and table count that a received FlatBuffer may have: far above any schema of ours, far
/// below what would cost memory or stack.
inline constexpr unsigned kMaxFlatbufferDepth = 32;
inline constexpr unsigned kMaxFlatbufferTables = 10'000;
/// A binary schema that a person names, and the tables in it (two a field): far above any that was
/// written by hand.
inline constexpr std::size_t kMaxSchemaBytes = std::size_t{4} * 1024 * 1024;
inline constexpr unsigned kMaxSchemaTables = 100'000;
/// What one payload may be as text: sixty times its own size. Parts of a FlatBuffer may be shared,
/// so that a small one may tell gigabytes.
inline constexpr std::size_t kMaxDecodedBytes = std::size_t{16} * 1024 * 1024;
/// Columns of a table that is made of a schema: spreadsheets end at 16,384.
inline constexpr std::size_t kMaxColumns = 4'096;
/// Channels of a series: a vehicle's bus has more signals, but no reading takes all of them.
inline constexpr std::size_t kMaxSeriesChannels = 64;
/// Readings in one batch: more than an hour of one a second. With all channels they take 2 MiB of a
/// reader's memory, however few bytes claim them.
inline constexpr std::size_t kMaxSeriesRows = 4'096;
/// Names and units are published once with the layout.
inline constexpr std::size_t kMaxChannelNameBytes = 64;
inline constexpr std::size_t kMaxChannelUnitBytes = 16;

}  // namespace holdfast::limits
