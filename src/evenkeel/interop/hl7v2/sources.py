"""Which machines may send."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)


@dataclass(frozen=True)
class AllowedSources:
    """Addresses and networks that may send. This machine itself always may, unless switched off."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    loopback: bool = True

    @classmethod
    def parse(cls, texts: Iterable[str], *, loopback: bool = True) -> "AllowedSources":
        """From addresses (``10.0.0.7``) and networks (``10.0.0.0/24``).

        Raises ValueError, naming the text, for what is neither.
        """
        return cls(tuple(ip_network(one.strip(), strict=False) for one in texts), loopback)

    @property
    def is_configured(self) -> bool:
        """Whether any machine beside this one may send."""
        return bool(self.networks)

    def allows(self, peer: str) -> bool:
        """Whether the address ``peer`` may send; false for what is no address."""
        address = _address(peer)
        if address is None:
            return False
        if self.loopback and address.is_loopback:
            return True
        return any(
            address in network for network in self.networks if network.version == address.version
        )


def is_loopback(host: str) -> bool:
    """Whether binding to ``host`` keeps the port on this machine."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.split("%", 1)[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
