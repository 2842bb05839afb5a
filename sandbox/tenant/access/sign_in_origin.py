"""Where a sign-in comes from, as its row tells it: the place of its address, the browser.

The service looks addresses up; here a country stands for its capital. Which browser goes with which
platform, and its version, are made up in the service's shape. Source of the shapes: Microsoft Graph
reference, signInLocation and deviceDetail.
"""

from typing import Any

from sandbox.tenant.access.sign_in_context import SignInContext

_CAPITALS: dict[str, tuple[str, str, float, float]] = {
    "AE": ("Abu Dhabi", "Abu Zaby", 24.4539, 54.3773),
    "AT": ("Vienna", "Wien", 48.2082, 16.3738),
    "AU": ("Canberra", "Australian Capital Territory", -35.2809, 149.13),
    "BE": ("Brussels", "Brussels Capital Region", 50.8503, 4.3517),
    "BR": ("Brasilia", "Distrito Federal", -15.7939, -47.8828),
    "CA": ("Ottawa", "Ontario", 45.4215, -75.6972),
    "CH": ("Bern", "Bern", 46.948, 7.4474),
    "CN": ("Beijing", "Beijing", 39.9042, 116.4074),
    "DE": ("Berlin", "Berlin", 52.52, 13.405),
    "DK": ("Copenhagen", "Hovedstaden", 55.6761, 12.5683),
    "ES": ("Madrid", "Madrid", 40.4168, -3.7038),
    "FI": ("Helsinki", "Uusimaa", 60.1699, 24.9384),
    "FR": ("Paris", "Ile-de-France", 48.8566, 2.3522),
    "GB": ("London", "England", 51.5074, -0.1278),
    "IE": ("Dublin", "Dublin", 53.3498, -6.2603),
    "IN": ("New Delhi", "Delhi", 28.6139, 77.209),
    "IT": ("Rome", "Lazio", 41.9028, 12.4964),
    "JP": ("Tokyo", "Tokyo", 35.6762, 139.6503),
    "NG": ("Abuja", "Federal Capital Territory", 9.0765, 7.3986),
    "NL": ("Amsterdam", "Noord-Holland", 52.3676, 4.9041),
    "NO": ("Oslo", "Oslo", 59.9139, 10.7522),
    "PL": ("Warsaw", "Mazowieckie", 52.2297, 21.0122),
    "QA": ("Doha", "Ad Dawhah", 25.2854, 51.531),
    "RU": ("Moscow", "Moskva", 55.7558, 37.6173),
    "SE": ("Stockholm", "Stockholms Lan", 59.3293, 18.0686),
    "SG": ("Singapore", "Singapore", 1.3521, 103.8198),
    "UA": ("Kyiv", "Kyiv", 50.4501, 30.5234),
    "US": ("Washington", "District of Columbia", 38.9072, -77.0369),
    "ZA": ("Pretoria", "Gauteng", -25.7479, 28.2293),
}
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1"
# Platform → browser as DeviceDetail names it, and what it sends.
_BROWSERS = {
    "windows": (
        "Edge 131.0.0",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36 Edg/131.0.0.0",
    ),
    "macOS": (
        "Safari 18.1",
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_SAFARI} Safari/605.1.15",
    ),
    "iOS": (
        "Mobile Safari 18.1",
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {_SAFARI} Mobile Safari/604.1",
    ),
    "android": (
        "Chrome Mobile 131.0.0",
        f"Mozilla/5.0 (Linux; Android 10; K) {_CHROME} Mobile Safari/537.36",
    ),
    "linux": ("Chrome 131.0.0", f"Mozilla/5.0 (X11; Linux x86_64) {_CHROME} Safari/537.36"),
}


def location_details(country: str | None) -> dict[str, Any]:
    """LocationDetails; only the country for one whose capital is not listed here."""
    capital = _CAPITALS.get(country or "")
    if capital is None:
        return {"city": "", "state": "", "countryOrRegion": country or "", "geoCoordinates": {}}
    city, state, latitude, longitude = capital
    return {
        "city": city,
        "state": state,
        "countryOrRegion": country,
        "geoCoordinates": {"latitude": latitude, "longitude": longitude},
    }


def browser(context: SignInContext) -> str:
    """DeviceDetail.browser; empty for what is no browser."""
    return _sent(context)[0]


def user_agent(context: SignInContext) -> str:
    """UserAgent; empty for what is no browser."""
    return _sent(context)[1]


def _sent(context: SignInContext) -> tuple[str, str]:
    if context.client_app != "browser" or context.service_principal_id is not None:
        return "", ""
    return _BROWSERS.get(context.platform or "", ("", ""))
