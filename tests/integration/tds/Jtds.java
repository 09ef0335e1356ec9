// jTDS against a server of TDS.  usage: java -cp jtds.jar Jtds.java PORT SSL      SSL: off, request, require
import java.sql.*;

public class Jtds {
	public static void main(String[] args) throws Exception {
		Class.forName("net.sourceforge.jtds.jdbc.Driver");
		String url = "jdbc:jtds:sqlserver://127.0.0.1:" + args[0] + "/shop;ssl=" + args[1];
		try (Connection c = DriverManager.getConnection(url, "sa", "Pass-1")) {
			try (PreparedStatement p = c.prepareStatement("SELECT ? + 1, ?")) {
				p.setInt(1, 41);
				p.setString(2, "h\u00e9llo");
				ResultSet r = p.executeQuery();
				r.next();
				System.out.println(r.getInt(1) + " " + r.getString(2));
			}
			try (Statement s = c.createStatement()) {
				s.executeQuery("SELECT * FROM nosuch");
			} catch (SQLException e) {
				System.out.println("error " + e.getErrorCode());
			}
			try (Statement s = c.createStatement()) {
				ResultSet r = s.executeQuery("SELECT 'again'");
				r.next();
				System.out.println(r.getString(1));
			}
		}
	}
}
