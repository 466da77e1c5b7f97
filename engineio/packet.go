package engineio

// Packet types. [eio4:packet]
const (
	packetOpen    = '0'
	packetClose   = '1'
	packetPing    = '2'
	packetPong    = '3'
	packetMessage = '4'
	packetUpgrade = '5'
	packetNoop    = '6'

	// packetBase64 is a binary message where frames of its own are not to be had:
	// on polling, and on a websocket whose client asked for it. [eio4:base64]
	packetBase64 = 'b'
)
